package dev.gearbox.telemetry.meter;

import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text of {@code /metrics}: Prometheus 0.0.4, or OpenMetrics where the Accept header asks for
 * it. Scraping reads snapshots and blocks nothing.
 */
public final class Exposition {
  private final CollectorRegistry registry;

  Exposition(CollectorRegistry registry) {
    this.registry = registry;
  }

  /** Content type of the answer to this Accept header; null and unknown ones get 0.0.4. */
  public String contentType(@Nullable String accept) {
    return TextFormat.chooseContentType(accept);
  }

  /** All samples in the format of {@code contentType}. */
  public String text(String contentType) {
    List<MetricFamilySamples> families = new ArrayList<>();
    for (MetricFamilySamples family : Collections.list(registry.metricFamilySamples())) {
      families.add(withoutCreated(family));
    }
    StringWriter out = new StringWriter(1 << 16);
    try {
      TextFormat.writeFormat(contentType, out, Collections.enumeration(families));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out.toString();
  }

  /** Creation times double the number of series and nothing reads them. */
  private static MetricFamilySamples withoutCreated(MetricFamilySamples family) {
    if (family.type == Collector.Type.GAUGE) {
      return family;
    }
    List<MetricFamilySamples.Sample> samples = new ArrayList<>(family.samples.size());
    for (MetricFamilySamples.Sample sample : family.samples) {
      if (!sample.name.equals(family.name + "_created")) {
        samples.add(sample);
      }
    }
    return new MetricFamilySamples(family.name, family.type, family.help, samples);
  }
}
