package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;

/**
 * A request that was handed to a device and has not ended.
 *
 * @param request its id
 * @param engine that runs it
 * @param pool pool and variant, as in the {@link Ask}
 * @param streaming whether the client asked for a stream
 * @param lane how it is batched
 * @param priority higher goes first in its lane
 * @param points that it earns if it meets its targets
 * @param targets what was asked
 * @param forecast what was expected of it
 * @param tokens expected of its answer
 * @param arrivedNanos when it arrived, on the injected monotonic clock
 */
public record Rider(
    String request,
    String engine,
    String pool,
    boolean streaming,
    Lane lane,
    int priority,
    double points,
    Targets targets,
    Forecast forecast,
    int tokens,
    long arrivedNanos) {}
