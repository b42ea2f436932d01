package dev.gearbox.telemetry.meter;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/**
 * How predictions turned out, by pool. A band that covers what it should may still be useless for
 * its width, so both are shown, with the loss that is least for the true quantile.
 */
public final class PredictionMeters {
  private final Labels pools;
  private final Histogram predictedOverActual;
  private final Gauge coverage;
  private final Gauge width;
  private final Gauge pinball;
  private final Counter drift;
  private final Gauge conservative;
  private final Gauge brier;
  private final Gauge meetsError;

  PredictionMeters(CollectorRegistry registry, int labelValues) {
    pools = new Labels(labelValues);
    predictedOverActual =
        Histogram.build(MetricNames.PREDICTED_OVER_ACTUAL, "Predicted latency over actual.")
            .labelNames("pool", "target")
            .buckets(Buckets.RATIO)
            .register(registry);
    coverage =
        Gauge.build(MetricNames.COVERAGE, "Share of actual latencies within the band.")
            .labelNames("pool", "target", "quantile")
            .register(registry);
    width =
        Gauge.build(MetricNames.BAND_WIDTH, "Band's upper end over the predicted median.")
            .labelNames("pool", "target", "quantile")
            .register(registry);
    pinball =
        Gauge.build(MetricNames.PINBALL, "Pinball loss of the band's upper end, in ln(seconds).")
            .labelNames("pool", "target", "quantile")
            .register(registry);
    drift =
        Counter.build(MetricNames.DRIFT, "Times that errors were found to have drifted away.")
            .labelNames("pool")
            .register(registry);
    conservative =
        Gauge.build(MetricNames.CONSERVATIVE, "1 while a band is taken wider than learned.")
            .labelNames("pool", "variant")
            .register(registry);
    brier =
        Gauge.build(MetricNames.BRIER, "Mean squared error of the chance of meeting all targets.")
            .labelNames("pool")
            .register(registry);
    meetsError =
        Gauge.build(MetricNames.MEETS_ERROR, "Share that met all targets less the chance promised.")
            .labelNames("pool")
            .register(registry);
  }

  public void predicted(String pool, String target, double predictedOverActual) {
    this.predictedOverActual.labels(pools.bound(pool), target).observe(predictedOverActual);
  }

  /**
   * How a band does lately.
   *
   * @param within share of actual latencies at or under its {@code quantile}
   * @param wide its upper end over the median, 1 or more
   * @param loss pinball loss at {@code quantile}, of logarithms
   */
  public void band(
      String pool, String target, String quantile, double within, double wide, double loss) {
    String name = pools.bound(pool);
    coverage.labels(name, target, quantile).set(within);
    width.labels(name, target, quantile).set(wide);
    pinball.labels(name, target, quantile).set(loss);
  }

  public void drifted(String pool) {
    drift.labels(pools.bound(pool)).inc();
  }

  /** Whether a band of {@code variant} in {@code pool} is taken wider than it was learned. */
  public void conservative(String pool, String variant, boolean wider) {
    conservative.labels(pools.bound(pool), pools.bound(variant)).set(wider ? 1 : 0);
  }

  /** How chances do lately: mean squared error, and what was met less what was promised. */
  public void chances(String pool, double squared, double less) {
    String name = pools.bound(pool);
    brier.labels(name).set(squared);
    meetsError.labels(name).set(less);
  }
}
