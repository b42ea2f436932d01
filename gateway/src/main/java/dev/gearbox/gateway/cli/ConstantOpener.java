package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.dispatch.EngineOpener;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import java.time.Duration;

/**
 * Opens engines that compute nothing.
 *
 * @param delay what every answer takes
 */
record ConstantOpener(Duration delay) implements EngineOpener {
  @Override
  public Opened open(EngineSlot slot, EngineRegistry registry) {
    return new Opened(
        new ConstantEngine(slot.id(), slot.pool(), slot.variant().name(), slot.device(), delay),
        "constant");
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
