package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DidYouMean;
import dev.gearbox.workshop.settings.SettingsReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Whether the parts of a configuration fit each other: no name dangles, none is taken twice. */
final class ConfigCheck {
  /** Classes that exist without being written; tenants and API tiers refer to them. */
  private static final List<String> BUILT_IN_CLASSES = List.of("interactive", "standard", "batch");

  private final GearboxConfig config;
  private final List<String> catalog;
  // Models name adapters like any other variant.
  private final List<String> known;
  private final SettingsReader reader;

  ConfigCheck(GearboxConfig config, List<String> variants, SettingsReader reader) {
    this.config = config;
    this.catalog = variants;
    this.known =
        Stream.of(
                variants.stream(),
                adapters(config).map(AdapterConfig::name),
                config.pools().stream()
                    .filter(PoolConfig::isRemote)
                    .flatMap(pool -> pool.variants().stream()))
            .flatMap(names -> names)
            .distinct()
            .toList();
    this.reader = reader;
  }

  private static Stream<AdapterConfig> adapters(GearboxConfig config) {
    return config.pools().stream().flatMap(pool -> pool.adapters().stream());
  }

  void check() {
    unique("model", config.models(), ModelConfig::name);
    unique("pool", config.pools(), PoolConfig::name);
    unique("adapter", adapters(config).toList(), AdapterConfig::name);
    config.pools().forEach(pool -> pool.adapters().forEach(each -> adapter(pool, each)));
    unique("class", config.classes(), ClassConfig::name);
    unique("tenant", config.tenants(), TenantConfig::name);
    if (config.models().isEmpty()) {
      reader.problem(config, "models", "needs at least one model");
    }
    config.models().forEach(this::model);
    pools();
    config.tenants().forEach(this::tenant);
    security(config.security());
    ServerConfig server = config.server();
    if (server.port() != 0 && server.port() == server.adminPort()) {
      reader.problem(server, "admin-port", "is the port of the API, " + server.port());
    }
  }

  private <T> void unique(String what, Collection<T> all, Function<T, String> name) {
    Set<String> seen = new HashSet<>();
    for (T one : all) {
      if (!seen.add(name.apply(one))) {
        reader.problem(one, "name", "there is a " + what + " '" + name.apply(one) + "' already");
      }
    }
  }

  private void model(ModelConfig model) {
    variants(model, model.variants());
    if (model.variants().isEmpty()) {
      reader.problem(model, "variants", "needs at least one variant");
    }
    if (!known.contains(model.reference())) {
      reader.problem(model, "reference", noVariant(model.reference()));
    }
    if (known.contains(model.name()) && !model.variants().equals(List.of(model.name()))) {
      reader.problem(model, "name", "'" + model.name() + "' is the name of a variant");
    }
  }

  private void adapter(PoolConfig pool, AdapterConfig adapter) {
    String name = adapter.name();
    if (catalog.contains(name)) {
      reader.problem(adapter, "name", "'" + name + "' is the name of a variant");
    }
    List<String> bases = pool.variants().isEmpty() ? catalog : pool.variants();
    String base = adapter.base();
    if (base == null && bases.size() != 1) {
      reader.problem(
          adapter, "base", "must name the variant, as the pool does not run exactly one");
    } else if (base != null && !bases.contains(base)) {
      String hint = DidYouMean.hint(base, bases);
      reader.problem(
          adapter, "base", "pool '" + pool.name() + "' does not run '" + base + "'" + hint);
    }
  }

  private void variants(Object owner, List<String> variants) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < variants.size(); i++) {
      String variant = variants.get(i);
      if (!known.contains(variant)) {
        reader.problem(owner, "variants[" + i + "]", noVariant(variant));
      } else if (!seen.add(variant)) {
        reader.problem(owner, "variants[" + i + "]", "'" + variant + "' is in the list twice");
      }
    }
  }

  private String noVariant(String name) {
    return "no variant '" + name + "' in the catalog" + DidYouMean.hint(name, known);
  }

  private void pools() {
    Map<String, String> poolOf = new HashMap<>();
    boolean takesTheRest = false;
    Set<String> remote = new HashSet<>();
    for (PoolConfig pool : config.pools()) {
      variants(pool, pool.variants());
      if (pool.isRemote()) {
        remote(pool);
        remote.addAll(pool.variants());
        continue;
      }
      local(pool);
      speculative(pool);
      device(pool);
      pool.adapters().forEach(each -> poolOf.put(each.name(), pool.name()));
      if (pool.variants().isEmpty()) {
        if (takesTheRest) {
          reader.problem(pool, "variants", "only one pool may name none");
        }
        takesTheRest = true;
      }
      for (int i = 0; i < pool.variants().size(); i++) {
        String variant = pool.variants().get(i);
        String other = poolOf.putIfAbsent(variant, pool.name());
        if (other != null && !other.equals(pool.name())) {
          String message = "'" + variant + "' runs in pool '" + other + "' already";
          reader.problem(pool, "variants[" + i + "]", message);
        }
      }
    }
    if (!takesTheRest) {
      remote.addAll(poolOf.keySet());
      config.models().forEach(m -> everyVariantRuns(m, remote));
    }
  }

  /** What only servers can have. */
  private void local(PoolConfig pool) {
    for (int i = 0; i < pool.members().size(); i++) {
      PoolVariant member = pool.members().get(i);
      if (member.isDescribed()) {
        reader.problem(
            pool, "variants[" + i + "]", "only a pool with device: remote describes its variants");
      } else if (!catalog.contains(member.name()) && known.contains(member.name())) {
        String message = "'" + member.name() + "' is on remote servers only";
        reader.problem(pool, "variants[" + i + "]", message);
      }
    }
    if (!pool.endpoints().isEmpty()) {
      reader.problem(pool, "endpoints", "only a pool with device: remote has endpoints");
    }
  }

  private void remote(PoolConfig pool) {
    if (pool.endpoints().isEmpty()) {
      reader.problem(pool, "endpoints", "a remote pool needs at least one endpoint");
    }
    if (pool.variants().isEmpty()) {
      reader.problem(pool, "variants", "a remote pool names what its servers hold");
    }
    if (!pool.adapters().isEmpty()) {
      reader.problem(pool, "adapters", "adapters of servers are variants of their pool");
    }
    if (pool.speculative() != null) {
      reader.problem(pool, "speculative", "servers guess for themselves");
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < pool.endpoints().size(); i++) {
      if (!seen.add(pool.endpoints().get(i))) {
        reader.problem(pool, "endpoints[" + i + "]", "is in the list twice");
      }
    }
    for (PoolVariant member : pool.members()) {
      String tokenizer = member.tokenizer();
      if (tokenizer != null && !tokenizer.startsWith("file:") && !catalog.contains(tokenizer)) {
        String hint = DidYouMean.hint(tokenizer, catalog);
        reader.problem(
            member,
            "tokenizer",
            "must be file:PATH of a GGUF file or a variant of the catalog, got '"
                + tokenizer
                + "'"
                + hint);
      }
    }
  }

  /** What its device does not do. */
  private void device(PoolConfig pool) {
    pool.device()
        .refusal(pool.cpuOptions())
        .ifPresent(reason -> reader.problem(pool, "device", reason));
    boolean opencl = pool.device() == PoolConfig.Device.GPU_OPENCL;
    if (opencl && !pool.adapters().isEmpty()) {
      reader.problem(pool, "adapters", "gpu-opencl takes no adapters");
    }
    if (!opencl && pool.openclDevice() != null) {
      reader.problem(pool, "opencl-device", "is for pools with device: gpu-opencl");
    }
  }

  private void speculative(PoolConfig pool) {
    PoolConfig.Speculative speculative = pool.speculative();
    if (speculative == null) {
      return;
    }
    String draft = speculative.draft();
    if (!known.contains(draft)) {
      reader.problem(speculative, "draft", noVariant(draft));
    } else if (pool.variants().contains(draft)) {
      String message = "'" + draft + "' is a variant of this pool and cannot guess for itself";
      reader.problem(speculative, "draft", message);
    }
  }

  private void everyVariantRuns(ModelConfig model, Set<String> running) {
    for (int i = 0; i < model.variants().size(); i++) {
      String variant = model.variants().get(i);
      if (known.contains(variant) && !running.contains(variant)) {
        String message = "no pool runs '" + variant + "'; name it in a pool's variants";
        reader.problem(model, "variants[" + i + "]", message);
      }
    }
  }

  private void security(SecurityConfig security) {
    OidcConfig oidc = security.oidc();
    if (oidc != null && config.tenants().isEmpty()) {
      reader.problem(oidc, "issuer", "tokens name a tenant, and none is configured");
    }
    for (PoolConfig pool : config.pools()) {
      EngineTlsConfig tls = pool.tls();
      if (tls != null && (tls.certificate() == null) != (tls.key() == null)) {
        reader.problem(tls, "certificate", "a certificate and its key come together");
      }
    }
  }

  private void tenant(TenantConfig tenant) {
    List<String> classes = new ArrayList<>(BUILT_IN_CLASSES);
    config.classes().forEach(c -> classes.add(c.name()));
    String named = tenant.serviceClass();
    if (!classes.contains(named)) {
      String hint = DidYouMean.hint(named, classes.stream().distinct().toList());
      reader.problem(tenant, "class", "no class '" + named + "'" + hint);
    }
    if (tenant.name().equals("local")) {
      reader.problem(tenant, "name", "'local' is who asks without a key: choose another name");
    }
    // Who has batches answered through Kafka vouches for them with a key.
    boolean byToken = config.security().oidc() != null && config.kafka() == null;
    if (tenant.keys().isEmpty() && config.security().keysFile() == null && !byToken) {
      reader.problem(tenant, "keys", "needs at least one key, here or in security.keys-file");
    }
  }
}
