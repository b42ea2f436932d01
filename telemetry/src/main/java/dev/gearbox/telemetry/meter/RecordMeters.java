package dev.gearbox.telemetry.meter;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;

/** What became of decision records on their way to disk. */
public final class RecordMeters {
  private final Counter written;
  private final Counter dropped;
  private final Gauge bytes;

  RecordMeters(CollectorRegistry registry) {
    written =
        Counter.build(MetricNames.RECORDS_WRITTEN, "Decision records written to disk.")
            .register(registry);
    dropped =
        Counter.build(
                MetricNames.RECORDS_DROPPED,
                "Decision records that are not on disk, as too many waited or it failed.")
            .labelNames("reason")
            .register(registry);
    bytes =
        Gauge.build(MetricNames.RECORD_BYTES, "Size of the decision records on disk.")
            .register(registry);
  }

  public void written(int records) {
    written.inc(records);
  }

  /** Counts a record that is not on disk; {@code reason} is {@code queue} or {@code disk}. */
  public void dropped(String reason) {
    dropped.labels(reason).inc();
  }

  public void bytes(long size) {
    bytes.set((double) size);
  }
}
