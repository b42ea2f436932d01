package dev.gearbox.gateway;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.gateway.ServerPlan.Planned;
import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.admission.RedisLimits;
import dev.gearbox.gateway.admission.SharedLimits;
import dev.gearbox.gateway.admission.TenantLimits;
import dev.gearbox.gateway.api.ServiceClasses;
import dev.gearbox.gateway.config.AdapterConfig;
import dev.gearbox.gateway.config.ClassConfig;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.GearboxConfig;
import dev.gearbox.gateway.config.ModelConfig;
import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.SecurityConfig;
import dev.gearbox.gateway.config.TenantConfig;
import dev.gearbox.gateway.dispatch.CpuSilicon;
import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineOpener;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.LocalOpener;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.gateway.dispatch.ModelCatalog;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.gateway.dispatch.OpenClSilicon;
import dev.gearbox.gateway.dispatch.PoolOpeners;
import dev.gearbox.gateway.dispatch.RemoteOpener;
import dev.gearbox.gateway.dispatch.Silicon;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.gateway.quality.Yardstick;
import dev.gearbox.gateway.rules.RuleChange;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleFiles;
import dev.gearbox.workshop.Catalog;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.FetchException;
import dev.gearbox.workshop.FetchListener;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Builds the parts that a configuration asks for. */
final class Wiring {
  private static final int ENCODER_THREADS = 2;
  private static final int QUEUED = 1024;
  private static final int MIN_IN_FLIGHT = 64;

  /** For the heap and everything else. */
  private static final long RESERVED_BYTES = 256L << 20;

  private final Configuration configuration;
  private final WeightStore store;
  private Map<String, SslContext> engineTls = Map.of();

  Wiring(Configuration configuration, WeightStore store) {
    this.configuration = configuration;
    this.store = store;
  }

  /** Starts on this machine, or with engines of the caller's where {@code given} is not null. */
  static GearboxServer start(
      Configuration configuration,
      WeightStore store,
      @Nullable EngineOpener given,
      EngineListener listener)
      throws IOException {
    Wiring wiring = new Wiring(configuration, store);
    if (given == null) {
      wiring.checkMemory(CpuModel.machineMemory());
    }
    GearboxConfig config = configuration.gearbox();
    RuleFiles files = new RuleFiles(config.policy().rules());
    RuleBase rules = files.names().isEmpty() ? null : compile(files);
    SecurityWiring doors = SecurityWiring.open(config);
    Security security = doors.security();
    wiring.engineTls = doors.engines();
    Core core =
        Core.start(
            System::nanoTime,
            rules == null ? ConservativeRules.INSTANCE : rules,
            ChoiceOptions.DEFAULT.with(config.policy().pricing()),
            config.policy().record(),
            config.telemetry(),
            ThreadLocalRandom.current().nextLong());
    core.meters().observeProcess();
    core.meters().observeEnergy(core.signals(), core.clock(), wiring::watts);
    RemoteOpener remote = new RemoteOpener(core.signals(), core.clock());
    remote.onUntrusted((engine, why) -> security.audit().refused("engine", engine, "tls", 0, why));
    EngineOpener opener = given != null ? given : wiring.openers(core, remote);
    try {
      new MeasuredSteps(configuration, store.folder()).tell(core.policy()::expect);
      GearboxServer server =
          GearboxServer.start(wiring.plan(remote, security), core, opener, listener);
      core.rules().onChange(change -> note(change, security.audit()));
      if (rules == null) {
        // The default rules take a second that the ports need not wait for.
        core.rules().load(files);
      } else if (config.policy().reload() == PolicyConfig.Reload.WATCH) {
        core.rules().watch(files);
      }
      if (!config.policy().shadow().isEmpty()) {
        core.rules().loadShadow(new RuleFiles(config.policy().shadow()));
      }
      return server;
    } catch (IOException | RuntimeException e) {
      opener.close();
      core.close();
      security.close();
      throw e;
    }
  }

  private static void note(RuleChange change, AuditLog audit) {
    audit.changed(
        "policy",
        change.origin(),
        change.succeeded() ? "done" : "refused",
        Map.of("version", change.version()));
  }

  /** One opener for each device; pools that name the same share it. */
  private EngineOpener openers(Core core, RemoteOpener remote) throws IOException {
    Map<String, LocalOpener.Share> shares = shares();
    Map<String, LocalOpener> byDevice = new HashMap<>();
    Map<String, EngineOpener> byPool = new HashMap<>();
    remotePools().plan(remote).forEach(pool -> byPool.put(pool, remote));
    for (PoolConfig pool : local()) {
      byPool.put(
          pool.name(),
          byDevice.computeIfAbsent(
              pool.deviceId(),
              id ->
                  new LocalOpener(
                      id, silicon(pool), shares, this::fetch, core.signals(), core.clock())));
    }
    return new PoolOpeners(byPool);
  }

  /** Watts that a device of this machine draws while it computes, by its id. */
  private double watts(String device) {
    return local().stream()
        .filter(pool -> pool.deviceId().equals(device))
        .mapToDouble(PoolConfig::wattsOrModel)
        .max()
        .orElse(Double.NaN);
  }

  private RemotePools remotePools() {
    return new RemotePools(configuration, store, this::fetch, engineTls::get);
  }

  private List<PoolConfig> local() {
    return configuration.gearbox().pools().stream().filter(pool -> !pool.isRemote()).toList();
  }

  private static Silicon silicon(PoolConfig pool) {
    return switch (pool.device()) {
      case CPU_SIMD -> new CpuSilicon(pool.threadsOrCores());
      case GPU_OPENCL -> new OpenClSilicon(pool.openclDevice());
      case REMOTE -> throw new IllegalArgumentException(pool.name() + " is not of this machine");
    };
  }

  /**
   * Refuses pools whose keys and values do not fit beside the weights; what is on other devices is
   * refused by these when it comes.
   *
   * @param machine bytes of memory that this machine, or its container, has
   */
  void checkMemory(long machine) {
    List<PoolConfig> pools =
        local().stream().filter(pool -> pool.device() == PoolConfig.Device.CPU_SIMD).toList();
    long weights =
        pools.stream()
            .flatMap(pool -> pool.variants().stream())
            .mapToLong(variant -> entry(variant).size())
            .sum();
    long asked = pools.stream().mapToLong(pool -> pool.kvMemory().bytes()).sum();
    long fits = Math.max(0, machine - weights - RESERVED_BYTES);
    if (asked > fits) {
      throw new IllegalArgumentException(
          "kv-memory: %d MB for keys and values do not fit into the %d MB of this machine or container beside %d MB of weights; at most %d MB fit%s"
              .formatted(
                  asked >> 20,
                  machine >> 20,
                  weights >> 20,
                  fits >> 20,
                  pools.size() > 1 ? ", over all pools" : ""));
    }
  }

  private static RuleBase compile(RuleFiles files) throws IOException {
    try {
      return RuleBase.compile(files.read());
    } catch (RuleException e) {
      throw new IOException("the rules do not compile: " + e.getMessage(), e);
    }
  }

  private ServerPlan plan(RemoteOpener remote, Security security) throws IOException {
    GearboxConfig config = configuration.gearbox();
    QualityLedger ledger = QualityLedger.load(store.folder());
    int sequences =
        config.pools().stream()
            .mapToInt(
                p -> p.maxSequences() * p.variants().size() * Math.max(1, p.endpoints().size()))
            .sum();
    return new ServerPlan(
        config.server().host(),
        config.server().port(),
        config.server().adminPort(),
        (int) Math.min(Integer.MAX_VALUE, config.server().maxBody().bytes()),
        new ModelCatalog(
            config.models().stream().map(m -> new ModelFamily(m.name(), m.variants())).toList()),
        engines(ledger),
        adapters(),
        (base, file) -> configuration.quality(base, file, QualityLedger.load(store.folder())),
        new ServiceClasses(config.classes().stream().map(ClassConfig::toServiceClass).toList()),
        security,
        new AdmissionLimits(
            Math.max(MIN_IN_FLIGHT, 2 * sequences), QUEUED, AdmissionLimits.DEFAULT.maxWait()),
        config.tenants().stream().collect(Collectors.toMap(TenantConfig::name, Wiring::limits)),
        shared(config.security().sharedLimits()),
        ENCODER_THREADS,
        config.classes().stream().collect(Collectors.toMap(ClassConfig::name, ClassConfig::care)),
        remotePools().groups(remote),
        config.server().publicMetrics(),
        config.batches(),
        config.security().sealingKeys(),
        config.policy().audit(),
        config.policy().audit().sample() > 0 ? yardsticks(ledger) : Map.of(),
        config.kafka(),
        configuration.settings());
  }

  /** Of each variant with weights of its own, in the first model that has it. */
  private Map<String, Yardstick> yardsticks(QualityLedger ledger) {
    Map<String, Yardstick> yardsticks = new HashMap<>();
    for (ModelConfig model : configuration.gearbox().models()) {
      for (String variant : model.variants()) {
        if (configuration.catalog().find(variant).isPresent()) {
          Double gap = configuration.gap(model.reference(), variant, ledger);
          yardsticks.putIfAbsent(variant, new Yardstick(model.reference(), gap));
        }
      }
    }
    return yardsticks;
  }

  private static @Nullable SharedLimits shared(SecurityConfig.@Nullable SharedLimits shared)
      throws IOException {
    if (shared == null) {
      return null;
    }
    String password = shared.passwordFile();
    return RedisLimits.connect(
        shared.redis(), password == null ? null : Path.of(password), shared.timeout());
  }

  private static TenantLimits limits(TenantConfig tenant) {
    TenantConfig.Limits limits = tenant.limits();
    return new TenantLimits(
        tenant.weight(), limits.requestsPerMinute(), limits.tokensPerMinute(), limits.concurrent());
  }

  private List<Planned> engines(QualityLedger ledger) throws IOException {
    List<Planned> engines = new ArrayList<>();
    for (PoolConfig pool : configuration.gearbox().pools()) {
      if (pool.isRemote()) {
        engines.addAll(remotePools().engines(pool, ledger));
        continue;
      }
      for (String variant : pool.variants()) {
        CatalogEntry entry = entry(variant);
        engines.add(
            new Planned(
                pool.name() + "/" + variant,
                pool.name(),
                new VariantInfo(
                    variant,
                    Set.copyOf(entry.techniques()),
                    configuration.quality(variant, ledger),
                    entry.size(),
                    null,
                    pool.costPer1kTokens(),
                    1),
                pool.deviceId()));
      }
    }
    return engines;
  }

  private List<LoraAdapters.Planned> adapters() {
    List<LoraAdapters.Planned> adapters = new ArrayList<>();
    for (PoolConfig pool : configuration.gearbox().pools()) {
      for (AdapterConfig each : pool.adapters()) {
        String base = each.baseAmong(pool.variants());
        adapters.add(new LoraAdapters.Planned(each.name(), pool.name(), base, each.file()));
      }
    }
    return adapters;
  }

  /** Engines of a pool share its memory equally. */
  private Map<String, LocalOpener.Share> shares() {
    Map<String, LocalOpener.Share> shares = new HashMap<>();
    for (PoolConfig pool : local()) {
      PoolConfig.Speculative speculative = pool.speculative();
      shares.put(
          pool.name(),
          new LocalOpener.Share(
              pool.kvMemory().bytes() / Math.max(1, pool.variants().size()),
              pool.maxSequences(),
              pool.maxDrafts(),
              pool.cpuOptions(),
              speculative == null
                  ? null
                  : new LocalOpener.Draft(speculative.draft(), speculative.tokens()),
              pool.maxLoras(),
              pool.maxLoraRank()));
    }
    return shares;
  }

  private CatalogEntry entry(String variant) {
    Catalog catalog = configuration.catalog();
    return catalog
        .find(variant)
        .orElseThrow(() -> new IllegalArgumentException("no variant " + variant));
  }

  private Path fetch(String variant, String id, EngineRegistry registry)
      throws IOException, InterruptedException {
    try {
      return store.fetch(
          entry(variant),
          new FetchListener() {
            private int percent = -1;

            @Override
            public void note(String line) {
              registry.note(id, line);
            }

            @Override
            public void progress(long done, long total) {
              int now = total <= 0 ? 0 : (int) (done * 100 / total);
              if (now != percent) {
                percent = now;
                registry.progress(id, now / 100.0);
              }
            }
          });
    } catch (FetchException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
