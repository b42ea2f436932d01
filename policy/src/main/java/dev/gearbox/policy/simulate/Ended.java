package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import org.jspecify.annotations.Nullable;

/**
 * What became of an arrival.
 *
 * @param arrival the request
 * @param outcome how it ended
 * @param variant that answered; null when none did
 * @param quality of that variant; 0 when unknown or none
 * @param met whether it was answered with every token in time
 * @param ttft seconds to the first token; NaN when there was none
 * @param tpot seconds per token after the first; NaN with fewer than two
 * @param seconds from arrival to end
 * @param route what was decided; null when it was refused
 */
public record Ended(
    Arrival arrival,
    Outcome outcome,
    @Nullable String variant,
    double quality,
    boolean met,
    double ttft,
    double tpot,
    double seconds,
    Decision.@Nullable Route route) {

  /** Of a request that the policy turned away. */
  static Ended refused(Arrival arrival) {
    return new Ended(arrival, Outcome.REFUSED, null, 0, false, Double.NaN, Double.NaN, 0, null);
  }

  /** Of one that was handed to an engine of {@code profile}; null where none took it. */
  static Ended of(
      Flight flight,
      @Nullable EngineProfile profile,
      Outcome outcome,
      RequestTimeline timeline,
      long nowNanos) {
    return new Ended(
        flight.arrival(),
        outcome,
        profile == null ? null : profile.variant().name(),
        profile == null ? 0 : Fleet.quality(profile.variant()),
        flight.met(outcome, nowNanos),
        timeline.ttftSeconds(),
        timeline.tpotSeconds(),
        timeline.totalSeconds(),
        flight.route());
  }
}
