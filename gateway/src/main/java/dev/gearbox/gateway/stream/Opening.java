package dev.gearbox.gateway.stream;

/**
 * Who answers a request.
 *
 * @param decisionId record of the decision
 * @param variant that answers
 * @param pool its pool
 * @param engine its engine
 * @param fingerprint variant and build, for {@code system_fingerprint}
 * @param overheadNanos time that the gateway itself took between arrival and submission
 */
public record Opening(
    String decisionId,
    String variant,
    String pool,
    String engine,
    String fingerprint,
    long overheadNanos) {}
