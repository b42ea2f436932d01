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
        Stream.concat(variants.stream(), adapters(config).map(AdapterConfig::name)).toList();
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
    if (known.contains(model.name())) {
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
    for (PoolConfig pool : config.pools()) {
      variants(pool, pool.variants());
      speculative(pool);
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
      config.models().forEach(m -> everyVariantRuns(m, poolOf.keySet()));
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

  private void tenant(TenantConfig tenant) {
    List<String> classes = new ArrayList<>(BUILT_IN_CLASSES);
    config.classes().forEach(c -> classes.add(c.name()));
    String named = tenant.serviceClass();
    if (!classes.contains(named)) {
      String hint = DidYouMean.hint(named, classes.stream().distinct().toList());
      reader.problem(tenant, "class", "no class '" + named + "'" + hint);
    }
    if (tenant.keys().isEmpty()) {
      reader.problem(tenant, "keys", "needs at least one key");
    }
  }
}
