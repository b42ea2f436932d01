package dev.gearbox.gateway.stream;

import java.util.List;

/**
 * Who answers a request.
 *
 * @param decisionId record of the decision
 * @param variant that answers
 * @param pool its pool
 * @param engine its engine
 * @param fingerprint variant and build, for {@code system_fingerprint}
 * @param overheadNanos time that the gateway itself took between arrival and submission
 * @param begunBy engines that began the answer and could not end it, in that order; empty as a rule
 */
public record Opening(
    String decisionId,
    String variant,
    String pool,
    String engine,
    String fingerprint,
    long overheadNanos,
    List<String> begunBy) {
  public Opening {
    begunBy = List.copyOf(begunBy);
  }
}
