package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import org.jspecify.annotations.Nullable;

/**
 * A forecast and what became of it, in seconds; NaN where nothing was measured.
 *
 * @param pool pool and variant that answered, as in the {@link Ask}
 * @param streaming whether the client asked for a stream
 * @param lane how it was batched
 * @param objective the class's attainment objective, as in the {@link Ask}
 * @param forecast what was expected
 * @param ttft time to first token
 * @param tpot time per output token
 * @param total arrival to end
 * @param complete whether the answer ended by itself; else {@code total} is a lower bound, and of
 *     {@code ttft} too where that is NaN
 * @param met whether all latency targets were met; null where nobody can say, or none were asked
 */
public record Measured(
    String pool,
    boolean streaming,
    Lane lane,
    double objective,
    Forecast forecast,
    double ttft,
    double tpot,
    double total,
    boolean complete,
    @Nullable Boolean met) {}
