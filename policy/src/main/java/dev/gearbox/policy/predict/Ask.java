package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Targets;

/**
 * One request as the latency model sees it.
 *
 * @param pool pool and variant that would answer: what shares its errors
 * @param streaming whether the client asked for a stream
 * @param lane how it would be batched
 * @param promptTokens prompt tokens to compute
 * @param expectedTokens tokens expected of the answer
 * @param elapsed seconds since it arrived
 * @param targets what it asks
 * @param objective the class's attainment objective: the quantile of the high predictions
 */
public record Ask(
    String pool,
    boolean streaming,
    Lane lane,
    int promptTokens,
    int expectedTokens,
    double elapsed,
    Targets targets,
    double objective) {}
