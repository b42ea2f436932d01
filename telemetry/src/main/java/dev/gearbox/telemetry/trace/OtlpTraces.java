package dev.gearbox.telemetry.trace;

import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TraceContext;
import dev.gearbox.telemetry.record.TraceContext.Span;
import dev.gearbox.telemetry.signal.Feed;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingDecision;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells an OpenTelemetry collector of requests, when they have ended: the spans are made of their
 * timelines on a thread of its own, so a request carries no span and waits for no exporter. What a
 * slow collector leaves no room for is dropped and counted.
 *
 * <p>This in place of the SDK's {@code BatchSpanProcessor}, which would want spans made on the
 * request's threads, and tells what it drops through a metrics SDK alone.
 */
public final class OtlpTraces implements Traces {
  /** Requests that may wait for the collector. */
  static final int QUEUED = 2048;

  private static final Duration GATHERING = Duration.ofMillis(50);

  private static final int BATCH_SPANS = 512;
  private static final int HTTP_PORT = 4318;
  private static final int TRACE_DIGITS = 32;
  private static final int SPAN_DIGITS = 16;

  private final Sampler sampler;
  private final SpanExporter exporter;
  private final RequestSpans spans;
  private final Duration patience;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gearbox-traces").factory());
  private final Feed<RequestTimeline> feed = new Feed<>(QUEUED, Feed.gathering(thread, GATHERING));
  private final LongAdder notExported = new LongAdder();
  private List<SpanData> batch = new ArrayList<>();
  private int batchTraces;

  /**
   * Exports.
   *
   * @param collector gRPC, or protobuf over HTTP where it has a path or the port 4318
   * @param sample share of the traces that begin here, 0 to 1; others go by their parent
   * @param patience with one export
   * @param clock monotonic nanoseconds, the one that timelines are stamped with
   * @param notes what there is to say of a decision, by its id
   */
  public OtlpTraces(
      URI collector,
      double sample,
      Duration patience,
      LongSupplier clock,
      Function<String, List<Note>> notes) {
    this.sampler = Sampler.parentBased(Sampler.traceIdRatioBased(sample));
    this.exporter = exporter(collector, patience);
    this.patience = patience;
    this.spans = new RequestSpans(clock, notes, span -> batch.add(span));
    feed.listen(this::add);
    var _ = thread.scheduleWithFixedDelay(this::flush, 1, 1, TimeUnit.SECONDS);
  }

  private static SpanExporter exporter(URI collector, Duration patience) {
    String path = collector.getPath();
    boolean hasPath = path != null && path.length() > 1;
    if (hasPath || collector.getPort() == HTTP_PORT) {
      return OtlpHttpSpanExporter.builder()
          .setEndpoint(hasPath ? collector.toString() : collector.resolve("/v1/traces").toString())
          .setTimeout(patience)
          .setConnectTimeout(patience)
          .setRetryPolicy(null)
          .build();
    }
    return OtlpGrpcSpanExporter.builder()
        .setEndpoint(collector.toString())
        .setTimeout(patience)
        .setConnectTimeout(patience)
        .setRetryPolicy(null)
        .build();
  }

  @Override
  public TraceContext begin(@Nullable String traceparent, boolean queued, String operation) {
    Span client = TraceParent.parse(traceparent);
    Span parent = queued ? null : client;
    String traceId = parent == null ? Traces.newId(TRACE_DIGITS) : parent.traceId();
    boolean sampled = client != null ? client.sampled() : sampled(traceId, operation);
    return new TraceContext(
        traceId, Traces.newId(SPAN_DIGITS), parent, queued ? client : null, sampled, operation);
  }

  private boolean sampled(String traceId, String operation) {
    return sampler
        .shouldSample(
            Context.root(), traceId, operation, SpanKind.SERVER, Attributes.empty(), List.of())
        .getDecision()
        .equals(SamplingDecision.RECORD_AND_SAMPLE);
  }

  @Override
  public void ended(RequestTimeline timeline) {
    TraceContext trace = timeline.trace();
    if (trace != null && trace.sampled()) {
      feed.publish(timeline);
    }
  }

  @Override
  public Lost lost() {
    return new Lost(feed.dropped(), notExported.sum());
  }

  private void add(RequestTimeline timeline) {
    spans.tell(timeline);
    batchTraces++;
    if (batch.size() >= BATCH_SPANS) {
      flush();
    }
  }

  private void flush() {
    if (batch.isEmpty()) {
      return;
    }
    List<SpanData> out = batch;
    int traces = batchTraces;
    batch = new ArrayList<>();
    batchTraces = 0;
    CompletableResultCode result = exporter.export(out);
    // The exporter's own timeout is the same; this is for one that breaks its word.
    result.join(patience.toMillis() + 1000, TimeUnit.MILLISECONDS);
    if (!result.isSuccess()) {
      notExported.add(traces);
    }
  }

  /** Gives what has ended a moment to be exported. */
  @Override
  public void close() {
    try {
      thread.execute(feed::drain);
      thread.execute(this::flush);
      thread.shutdown();
      if (!thread.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    exporter.shutdown();
    spans.close();
  }
}
