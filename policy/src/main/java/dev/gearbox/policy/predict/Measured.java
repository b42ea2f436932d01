package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;

/**
 * A forecast and what became of it, in seconds; NaN where nothing was measured.
 *
 * @param pool pool and variant that answered, as in the {@link Ask}
 * @param streaming whether the client asked for a stream
 * @param lane how it was batched
 * @param forecast what was expected
 * @param ttft time to first token
 * @param tpot time per output token
 * @param total arrival to end
 * @param complete whether the answer ended by itself; else {@code total} is a lower bound, and of
 *     {@code ttft} too where that is NaN
 */
public record Measured(
    String pool,
    boolean streaming,
    Lane lane,
    Forecast forecast,
    double ttft,
    double tpot,
    double total,
    boolean complete) {}
