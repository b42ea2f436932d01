package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.PolicyEngine;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import java.util.function.LongSupplier;

/** Whoever decides where requests go, in one run. Sees what a live policy sees and no more. */
public interface Arm extends PolicyEngine {
  /** A step ended. */
  void step(StepRecord step);

  /** A request that this arm decided ended. */
  void complete(RequestTimeline timeline);

  /** Makes a fresh arm for every run. */
  @FunctionalInterface
  interface Factory {
    /**
     * An arm that knows nothing yet.
     *
     * @param clock virtual nanoseconds
     */
    Arm open(Fleet fleet, LongSupplier clock, long seed);
  }
}
