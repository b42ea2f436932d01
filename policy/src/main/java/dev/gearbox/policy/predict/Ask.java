package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Targets;

/**
 * One request as the latency model sees it.
 *
 * @param pool pool and variant that would answer: what shares its errors
 * @param streaming whether the client asked for a stream
 * @param lane how it would be batched
 * @param promptTokens length of the prompt
 * @param cachedTokens prompt tokens that need no computing
 * @param expectedTokens tokens expected of the answer
 * @param elapsed seconds since it arrived
 * @param signalAge seconds since the engine spoke
 * @param targets what it asks
 * @param objective the class's attainment objective: the quantile of the high predictions
 * @param ahead requests known to be on the engine that go before it, running ones included
 * @param overtaking share of the device that requests which go before it have lately asked for, 0
 *     to any: those to come will pass it
 * @param mates requests that wait with it in its queue and come after it
 */
public record Ask(
    String pool,
    boolean streaming,
    Lane lane,
    int promptTokens,
    int cachedTokens,
    int expectedTokens,
    double elapsed,
    double signalAge,
    Targets targets,
    double objective,
    int ahead,
    double overtaking,
    long mates) {}
