package dev.gearbox.gateway.console;

import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.policy.decide.Decision;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way, at one moment. Seconds are counted from its arrival; null where it has not
 * got that far.
 *
 * @param request what was asked
 * @param phase where it is
 * @param age since its arrival
 * @param admittedAt when it got its permits
 * @param decidedAt when its gear was chosen
 * @param firstTokenAt when its first token came
 * @param tokens of its answers so far
 * @param route the gear; null before the decision
 */
public record LiveRequest(
    InferenceRequest request,
    Phase phase,
    double age,
    @Nullable Double admittedAt,
    @Nullable Double decidedAt,
    @Nullable Double firstTokenAt,
    int tokens,
    Decision.@Nullable Route route) {

  /** Where a request is on the line. */
  public enum Phase {
    /** Waits for permits. */
    QUEUED,
    /** Waits for weights, or its prompt is being encoded. */
    LOADING,
    /** With an engine, before its first token. */
    PREFILL,
    /** Tokens come. */
    DECODE
  }
}
