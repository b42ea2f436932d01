package dev.gearbox.gateway;

import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.ModelCatalog;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.VariantFacts;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Tells the policy which variants there are, whenever an engine joins. */
record PolicyFeed(ModelCatalog catalog, GearboxPolicy policy)
    implements Consumer<List<EngineSlot>> {
  @Override
  public void accept(List<EngineSlot> slots) {
    Map<String, List<VariantFacts>> families = new HashMap<>();
    for (ModelFamily family : catalog.families()) {
      families.put(
          family.name(),
          slots.stream()
              .filter(each -> each.engine() != null)
              .filter(each -> family.variants().contains(each.variant().name()))
              .map(PolicyFeed::facts)
              .toList());
    }
    // An adapter that no model has is a model of its own.
    for (EngineSlot slot : slots) {
      if (slot.engine() != null && slot.variant().parent() != null) {
        families.putIfAbsent(slot.variant().name(), List.of(facts(slot)));
      }
    }
    Map<String, VariantFacts> engines = new HashMap<>();
    for (EngineSlot slot : slots) {
      if (slot.engine() != null) {
        engines.put(slot.id(), facts(slot));
      }
    }
    policy.update(families, engines);
  }

  private static VariantFacts facts(EngineSlot slot) {
    EngineCapabilities can = slot.running().capabilities();
    return new VariantFacts(
        slot.variant().name(),
        slot.variant().techniques(),
        slot.variant().quality(),
        can.maxContext(),
        can.features(),
        slot.variant().bytes() / slot.variant().speed(),
        slot.variant().costPer1kTokens());
  }
}
