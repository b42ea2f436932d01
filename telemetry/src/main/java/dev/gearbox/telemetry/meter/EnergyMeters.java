package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineNames;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * Energy of engines' steps by variant. Where this machine counts it (RAPL), what it counted since
 * the sample before is shared out by the time that steps took of that; the rest is nobody's. Where
 * it does not, a step takes its time at the power that its device is said to draw while it
 * computes. Listeners run on one thread.
 */
final class EnergyMeters {
  private static final long SAMPLE_NANOS = 1_000_000_000;

  private final LongSupplier clock;
  private final Rapl rapl;
  private final ToDoubleFunction<String> watts;
  private final Labels variants;
  private final Counter joules;
  private final Map<String, Long> busy = new HashMap<>();
  private long sampled;

  /**
   * Counts from here on.
   *
   * @param clock monotonic nanoseconds
   * @param watts that a device of this machine draws while it computes, by its id; NaN for one
   *     whose energy is not this machine's
   */
  EnergyMeters(
      CollectorRegistry registry,
      int labelValues,
      LongSupplier clock,
      Rapl rapl,
      ToDoubleFunction<String> watts) {
    this.clock = clock;
    this.rapl = rapl;
    this.watts = watts;
    variants = new Labels(labelValues);
    sampled = clock.getAsLong();
    rapl.joules();
    joules =
        Counter.build(MetricNames.ENERGY, "Energy of the steps of a variant.")
            .labelNames("variant", "source")
            .register(registry);
  }

  void step(StepRecord step) {
    double power = watts.applyAsDouble(step.device());
    if (Double.isNaN(power)) {
      return;
    }
    String variant = variants.bound(EngineNames.variant(step.engine()));
    if (!rapl.readable()) {
      joules.labels(variant, "model").inc(power * step.nanos() / 1e9);
      return;
    }
    busy.merge(variant, step.nanos(), Long::sum);
    long now = clock.getAsLong();
    if (now - sampled >= SAMPLE_NANOS) {
      share(rapl.joules(), now - sampled);
      sampled = now;
    }
  }

  private void share(double counted, long elapsed) {
    long all = Math.max(elapsed, busy.values().stream().mapToLong(Long::longValue).sum());
    busy.forEach((variant, nanos) -> joules.labels(variant, "rapl").inc(counted * nanos / all));
    busy.clear();
  }
}
