package dev.gearbox.gateway;

import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tells the policy which variants there are, whenever an engine joins. */
record PolicyFeed(EngineRegistry registry, GearboxPolicy policy) implements EngineListener {
  @Override
  public void changed(EngineSlot slot) {
    if (slot.state() != State.READY) {
      return;
    }
    Map<String, List<VariantFacts>> families = new HashMap<>();
    for (ModelFamily family : registry.catalog().families()) {
      families.put(
          family.name(),
          registry.slots().stream()
              .filter(each -> each.engine() != null)
              .filter(each -> family.variants().contains(each.variant().name()))
              .map(PolicyFeed::facts)
              .toList());
    }
    policy.update(families);
  }

  private static VariantFacts facts(EngineSlot slot) {
    EngineCapabilities can = slot.running().capabilities();
    return new VariantFacts(
        slot.variant().name(),
        slot.variant().techniques(),
        slot.variant().quality(),
        can.maxContext(),
        can.features(),
        slot.variant().bytes(),
        0);
  }
}
