package dev.gearbox.telemetry.meter;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TraceContext;
import io.prometheus.client.Histogram;
import io.prometheus.client.exemplars.DefaultExemplarSampler;
import io.prometheus.client.exemplars.HistogramExemplarSampler;
import io.prometheus.client.exemplars.tracer.common.SpanContextSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The way from a bucket to a trace that fell into it. A bucket keeps its exemplar for some seconds,
 * as the library has it, so most observations make none. One thread.
 */
final class Exemplars implements SpanContextSupplier {
  private final HistogramExemplarSampler sampler = new DefaultExemplarSampler(this);
  private @Nullable TraceContext trace;

  /** A histogram with exemplars of the requests that are {@linkplain #observe observed}. */
  Histogram.Builder histogram(String name, String help) {
    return Histogram.build(name, help).withExemplarSampler(sampler);
  }

  /** Runs what observes a request, with the trace that it was recorded in, if any. */
  void observe(RequestTimeline timeline, Runnable observations) {
    trace = timeline.trace();
    try {
      observations.run();
    } finally {
      trace = null;
    }
  }

  @Override
  public @Nullable String getTraceId() {
    return trace == null ? null : trace.traceId();
  }

  @Override
  public @Nullable String getSpanId() {
    return trace == null ? null : trace.spanId();
  }

  @Override
  public boolean isSampled() {
    return trace != null && trace.sampled();
  }
}
