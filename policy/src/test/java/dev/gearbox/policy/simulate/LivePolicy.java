package dev.gearbox.policy.simulate;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.signal.SignalStore;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Instant;
import java.util.Map;
import java.util.function.LongSupplier;

/** The policy as the server wires it: behind the signal store, which hands it steps and ends. */
final class LivePolicy {
  final SignalStore store;
  private final GearboxPolicy policy;

  LivePolicy(Fleet fleet, LongSupplier clock, long seed) {
    policy =
        new GearboxPolicy(
            ConservativeRules.INSTANCE,
            ChoiceOptions.DEFAULT,
            new LatencyModel(DevicePrior.CPU),
            new DecisionLog(),
            new Meters(100).policy(),
            clock,
            () -> Instant.ofEpochSecond(0, clock.getAsLong()),
            seed);
    policy.update(Map.of(fleet.model(), fleet.variants()));
    store = new SignalStore(clock, Runnable::run);
    store.onStep(policy::step);
    store.onFinished(policy::complete);
  }

  Decision decide(RequestFacts request, Signals signals) {
    return policy.decide(request, signals);
  }

  void submitted(String requestId) {
    policy.submitted(requestId);
  }
}
