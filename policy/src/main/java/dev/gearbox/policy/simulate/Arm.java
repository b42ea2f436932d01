package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.PolicyEngine;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Whoever decides where requests go, in one run. Sees what a live policy sees and no more. */
public interface Arm extends PolicyEngine {
  /** A step ended. */
  void step(StepRecord step);

  /** A request that this arm decided ended. */
  void complete(RequestTimeline timeline);

  /** Tells {@code peers} of every decision from here on; by default of none. */
  default void tell(Consumer<DecisionRecord> peers) {}

  /** Another gateway decided; by default nobody listens. */
  default void heard(DecisionRecord elsewhere) {}

  /** Points per second that this arm asks for a device that its gateway owns; null for none. */
  default @Nullable Double price(String device) {
    return null;
  }

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
