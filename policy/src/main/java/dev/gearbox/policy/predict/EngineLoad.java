package dev.gearbox.policy.predict;

import dev.gearbox.engine.DeviceShare;
import dev.gearbox.telemetry.signal.EngineSignal;

/**
 * What an engine carries at this moment, bookings included.
 *
 * @param engine id of the engine
 * @param parameterBytes bytes that a decode step of its variant reads
 * @param running sequences in its batch
 * @param waiting sequences in its queue
 * @param pendingPrefillTokens prompt tokens not yet computed
 * @param contextTokens context summed over running sequences
 * @param maxSequences sequences that fit its batch
 * @param interactive whether it carries interactive work, as far as anybody knows
 */
public record EngineLoad(
    String engine,
    long parameterBytes,
    int running,
    int waiting,
    int pendingPrefillTokens,
    long contextTokens,
    int maxSequences,
    boolean interactive) {

  /** What {@code signal} says plus bookings that it cannot know of yet. */
  public static EngineLoad of(
      EngineSignal signal,
      long parameterBytes,
      int bookedRequests,
      int bookedTokens,
      boolean interactive) {
    return new EngineLoad(
        signal.engine(),
        parameterBytes,
        signal.running(),
        signal.waiting() + bookedRequests,
        signal.pendingPrefillTokens() + bookedTokens,
        signal.contextTokens(),
        Math.max(1, signal.maxSequences()),
        interactive);
  }

  /** Its share of the device among the busy engines. */
  int weight() {
    return DeviceShare.weight(interactive, running + waiting, maxSequences);
  }

  /** The same engine with nobody on it. */
  EngineLoad idle() {
    return new EngineLoad(engine, parameterBytes, 0, 0, 0, 0, maxSequences, interactive);
  }

  boolean busy() {
    return running > 0 || waiting > 0 || pendingPrefillTokens > 0;
  }
}
