package dev.gearbox.gateway.dispatch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names that {@code model} takes: families, their variants, and beginnings of a variant. */
public final class ModelCatalog {
  private final Map<String, ModelFamily> byName = new LinkedHashMap<>();
  private final List<ModelFamily> families;

  public ModelCatalog(List<ModelFamily> families) {
    this.families = List.copyOf(families);
    families.forEach(family -> byName.put(family.name(), family));
    for (ModelFamily family : families) {
      for (String variant : family.variants()) {
        byName.putIfAbsent(variant, new ModelFamily(variant, List.of(variant)));
      }
    }
  }

  public List<ModelFamily> families() {
    return families;
  }

  /** Every variant of every family, once. */
  public Set<String> variants() {
    Set<String> variants = new LinkedHashSet<>();
    families.forEach(family -> variants.addAll(family.variants()));
    return variants;
  }

  /** The family or variant of that name, or the only variant that begins so; null without one. */
  public @Nullable ModelFamily find(String name) {
    ModelFamily exact = byName.get(name);
    if (exact != null || name.isEmpty()) {
      return exact;
    }
    List<ModelFamily> begun = new ArrayList<>();
    for (String variant : variants()) {
      ModelFamily family = byName.get(variant);
      if (variant.startsWith(name) && family != null) {
        begun.add(family);
      }
    }
    return begun.size() == 1 ? begun.getFirst() : null;
  }
}
