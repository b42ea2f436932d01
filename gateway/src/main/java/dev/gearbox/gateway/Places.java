package dev.gearbox.gateway;

import dev.gearbox.gateway.admission.AdmissionControl;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * How many more sequences the engines can take from whoever can wait: none while calls wait for
 * theirs, so that queues are long where they cost nothing.
 */
record Places(AdmissionControl admission, Supplier<Signals> signals) implements IntSupplier {
  @Override
  public int getAsInt() {
    if (admission.queued() > 0) {
      return 0;
    }
    int most = 0;
    for (EngineSignal engine : signals.get().engines()) {
      most += engine.state() == EngineSignal.State.READY ? engine.maxSequences() : 0;
    }
    return Math.clamp(most - admission.inFlight(), 0, admission.free());
  }
}
