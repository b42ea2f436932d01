package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TraceContext;
import io.prometheus.client.Histogram;

/** The way from a bucket to a trace that fell into it. */
final class Exemplars {
  private Exemplars() {}

  /** Observes, with the trace of the request where it was recorded in one. */
  static void observe(Histogram.Child histogram, double value, RequestTimeline timeline) {
    TraceContext trace = timeline.trace();
    if (trace == null || !trace.sampled()) {
      histogram.observe(value);
    } else {
      histogram.observeWithExemplar(value, "trace_id", trace.traceId(), "span_id", trace.spanId());
    }
  }
}
