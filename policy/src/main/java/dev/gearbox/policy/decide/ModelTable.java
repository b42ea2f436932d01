package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.VariantFacts;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Models and the variants that answer for them; immutable. A variant is also a model of itself. */
final class ModelTable {
  static final ModelTable EMPTY = new ModelTable(Map.of(), Map.of());

  private final Map<String, Map<String, VariantFacts>> models = new HashMap<>();
  private final Map<String, VariantFacts> variants = new HashMap<>();
  private final Map<String, VariantFacts> engines;

  ModelTable(Map<String, List<VariantFacts>> families) {
    this(families, Map.of());
  }

  ModelTable(Map<String, List<VariantFacts>> families, Map<String, VariantFacts> engines) {
    this.engines = Map.copyOf(engines);
    families.forEach((model, members) -> {
      Map<String, VariantFacts> byName = new HashMap<>();
      for (VariantFacts variant : members) {
        byName.put(variant.name(), variant);
        variants.put(variant.name(), variant);
      }
      models.put(model, byName);
    });
  }

  /** Variants that may answer for {@code model}, by name; empty when it is unknown. */
  Map<String, VariantFacts> family(String model) {
    Map<String, VariantFacts> family = models.get(model);
    if (family != null) {
      return family;
    }
    VariantFacts variant = variants.get(model);
    return variant == null ? Map.of() : Map.of(model, variant);
  }

  /** What {@code variant} is on {@code engine}, which may differ from what it is on others. */
  @Nullable VariantFacts of(String engine, String variant) {
    VariantFacts own = engines.get(engine);
    return own == null ? variants.get(variant) : own;
  }

  /** The same of one whose facts elsewhere are known. */
  VariantFacts of(String engine, VariantFacts elsewhere) {
    return engines.getOrDefault(engine, elsewhere);
  }
}
