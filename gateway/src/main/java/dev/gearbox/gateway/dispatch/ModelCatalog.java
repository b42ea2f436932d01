package dev.gearbox.gateway.dispatch;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * The names that {@code model} takes: families, their variants, and beginnings of a variant.
 * Adapters come and go while requests run. Thread-safe.
 */
public final class ModelCatalog {
  private final Map<String, ModelFamily> byName = new ConcurrentHashMap<>();
  private final Set<String> adapters = new ConcurrentSkipListSet<>();
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

  /** Every name that it began with. */
  public Set<String> names() {
    return Set.copyOf(byName.keySet());
  }

  public List<ModelFamily> families() {
    return families;
  }

  /** Adds an adapter, which is a variant of its own beside those of the families. */
  void add(String adapter) {
    adapters.add(adapter);
    byName.putIfAbsent(adapter, new ModelFamily(adapter, List.of(adapter)));
  }

  /** Forgets an adapter, unless a family has it. */
  void remove(String adapter) {
    if (adapters.remove(adapter)
        && families.stream().noneMatch(family -> family.variants().contains(adapter))) {
      byName.remove(adapter);
    }
  }

  /** Whether a model or a variant that is no adapter has this name. */
  boolean isTaken(String name) {
    return families.stream().anyMatch(family -> family.name().equals(name))
        || (variants().contains(name) && !adapters.contains(name));
  }

  /** Every variant of every family, once, and the adapters. */
  public Set<String> variants() {
    Set<String> variants = new LinkedHashSet<>();
    families.forEach(family -> variants.addAll(family.variants()));
    variants.addAll(adapters);
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
