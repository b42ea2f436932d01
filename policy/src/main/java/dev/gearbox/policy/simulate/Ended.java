package dev.gearbox.policy.simulate;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.telemetry.record.Outcome;
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
    Decision.@Nullable Route route) {}
