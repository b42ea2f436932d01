package dev.gearbox.telemetry.meter;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/** Files of requests that are worked through. */
public final class BatchMeters {
  private final Gauge running;
  private final Gauge age;
  private final Gauge required;
  private final Counter lines;

  /** What became of a line. */
  public enum Outcome {
    COMPLETED,
    FAILED,
    EXPIRED
  }

  BatchMeters(CollectorRegistry registry) {
    running =
        Gauge.build(MetricNames.BATCHES_RUNNING, "Batches that are not over.").register(registry);
    age =
        Gauge.build(MetricNames.BATCH_AGE, "Age of the oldest batch that is not over.")
            .register(registry);
    required =
        Gauge.build(
                MetricNames.BATCH_REQUIRED,
                "Lines to answer each second from here on, so that no batch runs out of its window.")
            .register(registry);
    lines =
        Counter.build(MetricNames.BATCH_LINES, "Lines of batches, by what became of them.")
            .labelNames("outcome")
            .register(registry);
    for (Outcome each : Outcome.values()) {
      lines.labels(word(each));
    }
  }

  /**
   * Reads the batches whenever somebody looks.
   *
   * @param count batches that are not over
   * @param oldestSeconds age of the oldest of them; 0 without one
   * @param linesPerSecond that must be answered, so that none runs out of its window
   */
  public void observe(
      DoubleSupplier count, DoubleSupplier oldestSeconds, DoubleSupplier linesPerSecond) {
    running.setChild(reading(count));
    age.setChild(reading(oldestSeconds));
    required.setChild(reading(linesPerSecond));
  }

  private static Gauge.Child reading(DoubleSupplier source) {
    return new Gauge.Child() {
      @Override
      public double get() {
        return source.getAsDouble();
      }
    };
  }

  public void line(Outcome outcome) {
    lines.labels(word(outcome)).inc();
  }

  private static String word(Outcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
