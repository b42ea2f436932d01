package dev.gearbox.policy.decide;

import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of a decision.
 *
 * @param outcome how the request ended
 * @param code HTTP status
 * @param engine engine that answered, to its end; null when none did
 * @param begunBy engines that began the answer and could not end it, in that order; null as a rule
 * @param ttft seconds to the first token; null when there was none
 * @param tpot seconds per token after the first; null with fewer than two
 * @param total seconds from arrival to end
 * @param tokens what was computed
 * @param met whether each target was met, {@code all} for all of them; a target whose time had not
 *     come when the client left is missing
 */
public record Actual(
    Outcome outcome,
    int code,
    @Nullable String engine,
    @Nullable List<String> begunBy,
    @Nullable Double ttft,
    @Nullable Double tpot,
    double total,
    TokenCounts tokens,
    Map<String, Boolean> met) {
  public Actual {
    met = Map.copyOf(met);
  }

  static Actual of(RequestTimeline timeline, Map<String, Boolean> met) {
    return new Actual(
        timeline.outcome(),
        timeline.code(),
        timeline.engine(),
        timeline.begunBy().isEmpty() ? null : timeline.begunBy(),
        number(timeline.ttftSeconds()),
        number(timeline.tpotSeconds()),
        timeline.totalSeconds(),
        timeline.tokens(),
        met);
  }

  private static @Nullable Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
