package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.signal.Signals;

/** Chooses the gear. Thread-safe; a decision takes tens of microseconds and does not block. */
public interface PolicyEngine {
  /**
   * Decides and books the work on the chosen engine. Pure in the facts, the snapshot, the policy
   * version, the latency model's state and the seed, all of which the record keeps.
   */
  Decision decide(RequestFacts request, Signals signals);

  /** An engine has this request, so that signals count it from here on. */
  void submitted(String requestId);
}
