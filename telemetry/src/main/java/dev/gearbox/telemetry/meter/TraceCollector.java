package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.trace.Traces;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import java.util.List;

/** Traces that no collector has, at the moment of the scrape. */
final class TraceCollector extends Collector implements Collector.Describable {
  private final Traces traces;

  TraceCollector(Traces traces) {
    this.traces = traces;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    CounterMetricFamily family = family();
    Traces.Lost lost = traces.lost();
    family.addMetric(List.of("queue"), (double) lost.queue());
    family.addMetric(List.of("export"), (double) lost.export());
    return List.of(family);
  }

  @Override
  public List<MetricFamilySamples> describe() {
    return List.of(family());
  }

  private static CounterMetricFamily family() {
    return new CounterMetricFamily(
        MetricNames.TRACES_DROPPED,
        "Traces that were lost, for want of room or because the collector did not take them.",
        List.of("reason"));
  }
}
