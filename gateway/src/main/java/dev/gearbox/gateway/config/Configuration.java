package dev.gearbox.gateway.config;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.Catalog;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.settings.DidYouMean;
import dev.gearbox.workshop.settings.SettingLines;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The platform as configured, with the catalog that its names come from. Immutable.
 *
 * @param origins where each setting comes from, by its path
 */
public record Configuration(GearboxConfig gearbox, Catalog catalog, Map<String, String> origins) {
  private static final String COMMAND_LINE = "command line";

  public Configuration {
    origins = Map.copyOf(origins);
  }

  /**
   * A setting that holds.
   *
   * @param value as a person writes it; never a secret
   * @param origin {@code default}, a file with the line, an environment variable, the command line
   */
  public record Held(String path, String value, String origin) {}

  /** All settings that hold, in the order of the configuration's schema. */
  public List<Held> settings() {
    List<Held> settings = new ArrayList<>();
    SettingLines.of(gearbox, ConfigLoader.PREFIX)
        .forEach((path, value) ->
            settings.add(new Held(path, value, origins.getOrDefault(path, COMMAND_LINE))));
    return settings;
  }

  /** The same with another catalog. */
  public Configuration with(Catalog other) {
    return new Configuration(gearbox, other, origins);
  }

  /**
   * Quality of a variant against the reference of the first model that has it; null when it was
   * never measured.
   */
  public @Nullable Double quality(String variant, QualityLedger ledger) {
    ModelConfig model =
        gearbox.models().stream()
            .filter(m -> m.variants().contains(variant))
            .findFirst()
            .orElse(null);
    CatalogEntry entry = catalog.find(variant).orElse(null);
    if (model == null || entry == null) {
      // Of what only servers hold, nothing is known but that a reference is as good as itself.
      return model != null && model.reference().equals(variant) ? 1.0 : null;
    }
    OptionalDouble quality =
        catalog
            .find(model.reference())
            .map(r -> ledger.quality(r.sha256(), entry.sha256()))
            .orElse(OptionalDouble.empty());
    return quality.isPresent() ? quality.getAsDouble() : null;
  }

  /**
   * Nats per byte by which a variant finds the evaluation corpus less likely than a reference does;
   * null when either was never measured.
   */
  public @Nullable Double gap(String reference, String variant, QualityLedger ledger) {
    CatalogEntry of = catalog.find(reference).orElse(null);
    CatalogEntry entry = catalog.find(variant).orElse(null);
    OptionalDouble gap =
        of == null || entry == null
            ? OptionalDouble.empty()
            : ledger.gap(of.sha256(), entry.sha256());
    return gap.isPresent() ? gap.getAsDouble() : null;
  }

  /** Quality of a member of a remote pool: what is written of it, else what is known. */
  public @Nullable Double quality(PoolVariant member, QualityLedger ledger) {
    return member.quality() != null ? member.quality() : quality(member.name(), ledger);
  }

  /**
   * Quality of an adapter on a variant, likewise.
   *
   * @throws IOException when its file cannot be read
   */
  public @Nullable Double quality(String base, AdapterFile adapter, QualityLedger ledger)
      throws IOException {
    String weights = catalog.choose(base).sha256();
    for (ModelConfig model : gearbox.models()) {
      CatalogEntry reference = catalog.find(model.reference()).orElse(null);
      if (reference != null && model.variants().contains(base)) {
        OptionalDouble quality = ledger.quality(reference.sha256(), adapter.ledgerKey(weights));
        return quality.isPresent() ? quality.getAsDouble() : null;
      }
    }
    return null;
  }

  /** The same with these adapters in its first pool. */
  public Configuration withAdapters(List<AdapterConfig> adapters) {
    List<PoolConfig> pools = new ArrayList<>(gearbox.pools());
    pools.set(0, pools.getFirst().withAdapters(adapters));
    return with(gearbox.server(), gearbox.models(), pools);
  }

  /** The same on another address. */
  public Configuration listening(String host, int port, int adminPort) {
    return with(gearbox.server().with(host, port, adminPort), gearbox.models(), gearbox.pools());
  }

  /** The same as a worker of other gateways. */
  public Configuration worker() {
    return with(gearbox.server().worker(), gearbox.models(), gearbox.pools());
  }

  /** The same with every pool computing like this. */
  public Configuration computing(CpuOptions options) {
    return with(
        gearbox.server(),
        gearbox.models(),
        gearbox.pools().stream().map(pool -> pool.with(options)).toList());
  }

  /** The same with every pool of this machine on this device. */
  public Configuration on(PoolConfig.Device device, @Nullable String openclDevice) {
    return with(
        gearbox.server(),
        gearbox.models(),
        gearbox.pools().stream()
            .map(pool -> pool.isRemote() ? pool : pool.on(device, openclDevice))
            .toList());
  }

  /**
   * Only these models and variants. A variant answers for the first model that has it, else for the
   * first model of all; a beginning becomes a name of its own.
   *
   * @param names of models or variants, or unambiguous beginnings of variants
   * @throws IllegalArgumentException when a name is unknown or ambiguous
   */
  public Configuration only(List<String> names) {
    Set<String> chosen = new LinkedHashSet<>();
    for (String name : names) {
      Optional<ModelConfig> model =
          gearbox.models().stream().filter(m -> m.name().equals(name)).findFirst();
      if (model.isPresent()) {
        chosen.addAll(model.get().variants());
      } else {
        chosen.add(variant(name));
      }
    }
    List<ModelConfig> models = new ArrayList<>();
    Set<String> left = new LinkedHashSet<>(chosen);
    for (ModelConfig model : gearbox.models()) {
      List<String> kept = model.variants().stream().filter(chosen::contains).toList();
      left.removeAll(kept);
      if (!kept.isEmpty()) {
        models.add(new ModelConfig(model.name(), model.reference(), kept));
      }
    }
    if (!left.isEmpty()) {
      addTo(models, left);
    }
    addBeginnings(names, models);
    return with(gearbox.server(), models, pools(chosen));
  }

  /** What the operator calls a variant, clients may call it too. */
  private void addBeginnings(List<String> names, List<ModelConfig> models) {
    String reference = models.getFirst().reference();
    for (String name : names) {
      boolean known = models.stream().anyMatch(m -> m.name().equals(name));
      if (!known && catalog.find(name).isEmpty()) {
        models.add(new ModelConfig(name, reference, List.of(variant(name))));
      }
    }
  }

  private String variant(String beginning) {
    List<String> configured =
        gearbox.pools().stream()
            .flatMap(p -> p.variants().stream())
            .filter(v -> v.equals(beginning) || v.startsWith(beginning))
            .toList();
    if (configured.size() == 1) {
      return configured.getFirst();
    }
    try {
      return catalog.choose(beginning).name();
    } catch (IllegalArgumentException e) {
      List<String> models = gearbox.models().stream().map(ModelConfig::name).toList();
      throw DidYouMean.closest(beginning, models)
          .map(m ->
              new IllegalArgumentException(
                  "no model '" + beginning + "', did you mean '" + m + "'?"))
          .orElse(e);
    }
  }

  /** Variants of no configured model: they join the first model, or stand in for it. */
  private void addTo(List<ModelConfig> models, Set<String> variants) {
    ModelConfig first = models.isEmpty() ? gearbox.models().getFirst() : models.getFirst();
    List<String> all = new ArrayList<>(models.isEmpty() ? List.of() : first.variants());
    all.addAll(variants);
    String reference = models.isEmpty() ? largest(variants) : first.reference();
    ModelConfig joined = new ModelConfig(first.name(), reference, all);
    if (models.isEmpty()) {
      models.add(joined);
    } else {
      models.set(0, joined);
    }
  }

  private String largest(Set<String> variants) {
    return variants.stream()
        .flatMap(v -> catalog.find(v).stream())
        .max((a, b) -> Long.compare(a.size(), b.size()))
        .map(CatalogEntry::name)
        .orElseThrow();
  }

  private List<PoolConfig> pools(Set<String> chosen) {
    Set<String> homeless = new LinkedHashSet<>(chosen);
    gearbox.pools().forEach(p -> homeless.removeAll(p.variants()));
    PoolConfig home = gearbox.pools().stream().filter(p -> !p.isRemote()).findFirst().orElse(null);
    List<PoolConfig> pools = new ArrayList<>();
    for (PoolConfig pool : gearbox.pools()) {
      boolean takesHomeless = pool.equals(home);
      List<String> variants =
          Stream.concat(
                  pool.variants().stream().filter(chosen::contains),
                  takesHomeless ? homeless.stream() : Stream.of())
              .toList();
      if (!variants.isEmpty()) {
        pools.add(pool.withVariants(variants));
      }
    }
    return pools;
  }

  private Configuration with(
      ServerConfig server, List<ModelConfig> models, List<PoolConfig> pools) {
    GearboxConfig changed =
        new GearboxConfig(
            server,
            models,
            gearbox.catalog(),
            pools,
            gearbox.classes(),
            gearbox.tenants(),
            gearbox.policy(),
            gearbox.security(),
            gearbox.telemetry(),
            gearbox.batches(),
            gearbox.kafka());
    Map<String, String> before = SettingLines.of(gearbox, ConfigLoader.PREFIX);
    Map<String, String> kept = new HashMap<>(origins);
    SettingLines.of(changed, ConfigLoader.PREFIX)
        .forEach((path, value) -> {
          if (!value.equals(before.get(path))) {
            kept.put(path, COMMAND_LINE);
          }
        });
    return new Configuration(changed, catalog, kept);
  }
}
