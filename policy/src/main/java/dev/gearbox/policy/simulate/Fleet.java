package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.telemetry.signal.EngineNames;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The engines that answer for one model.
 *
 * @param model its name
 * @param devices each with the engines that share it
 */
public record Fleet(String model, List<List<EngineProfile>> devices) {
  public Fleet {
    devices = devices.stream().map(List::copyOf).toList();
    if (devices.isEmpty() || devices.stream().anyMatch(List::isEmpty)) {
      throw new IllegalArgumentException("a fleet needs devices, and a device engines");
    }
  }

  /** One engine of every variant, best quality first; unmeasured ones last. */
  List<EngineProfile> ladder() {
    Map<String, EngineProfile> variants = new LinkedHashMap<>();
    devices.forEach(
        device -> device.forEach(engine -> variants.putIfAbsent(engine.variant().name(), engine)));
    return variants.values().stream()
        .sorted(Comparator.comparingDouble((EngineProfile e) -> -quality(e.variant())))
        .toList();
  }

  List<VariantFacts> variants() {
    return ladder().stream().map(EngineProfile::variant).toList();
  }

  /** The profile of the engine of this id; null for one that is not in the fleet. */
  @Nullable EngineProfile ofEngine(String id) {
    for (EngineProfile each : ladder()) {
      if (each.variant().name().equals(EngineNames.variant(id))) {
        return each;
      }
    }
    return null;
  }

  public int engines() {
    return devices.stream().mapToInt(List::size).sum();
  }

  static double quality(VariantFacts variant) {
    Double measured = variant.quality();
    return measured == null ? 0 : measured;
  }
}
