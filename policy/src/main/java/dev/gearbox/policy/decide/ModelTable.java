package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.VariantFacts;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Models and the variants that answer for them; immutable. A variant is also a model of itself. */
final class ModelTable {
  static final ModelTable EMPTY = new ModelTable(Map.of());

  private final Map<String, Map<String, VariantFacts>> models = new HashMap<>();
  private final Map<String, VariantFacts> variants = new HashMap<>();

  ModelTable(Map<String, List<VariantFacts>> families) {
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

  @Nullable VariantFacts variant(String name) {
    return variants.get(name);
  }
}
