package dev.gearbox.telemetry.trace;

import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TraceContext;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a request that has ended, from its timeline.
 *
 * <pre>
 *   chat auto ──┬─ admission   arrived → its permit
 *               ├─ decision    → its gear: weights that load, tokens, the choice; rules and candidates
 *               ├─ queue       → the first step with one of its tokens
 *               ├─ prefill     → its first token
 *               └─ decode      → its last
 * </pre>
 *
 * Attributes are those of OpenTelemetry's conventions for generative AI. One thread.
 */
final class RequestSpans implements AutoCloseable {
  private final LongSupplier clock;
  private final Function<String, List<Note>> notes;
  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final GivenIds ids = new GivenIds();

  RequestSpans(
      LongSupplier clock, Function<String, List<Note>> notes, Consumer<SpanData> finished) {
    this.clock = clock;
    this.notes = notes;
    provider =
        SdkTracerProvider.builder()
            .setResource(
                Resource.getDefault()
                    .merge(
                        Resource.create(
                            Attributes.of(AttributeKey.stringKey("service.name"), "gearbox"))))
            .setIdGenerator(ids)
            .setSampler(Sampler.alwaysOn())
            .addSpanProcessor(new Finished(finished))
            .build();
    tracer = provider.get("dev.gearbox");
  }

  void tell(RequestTimeline timeline) {
    TraceContext trace = timeline.trace();
    if (trace == null) {
      return;
    }
    long epoch = System.currentTimeMillis() * 1_000_000 - clock.getAsLong();
    Span root = root(timeline, trace, epoch);
    Context within = Context.root().with(root);
    long admitted = timeline.admitted();
    long decided = timeline.decided();
    child(within, "admission", timeline.arrived(), or(admitted, timeline.ended()), epoch, null);
    if (decided != 0) {
      child(within, "decision", or(admitted, decided), decided, epoch, timeline.decisionId());
    }
    if (timeline.engine() != null && decided != 0) {
      generation(within, timeline, decided, epoch);
    }
    root.end(epoch + timeline.ended(), TimeUnit.NANOSECONDS);
  }

  private Span root(RequestTimeline timeline, TraceContext trace, long epoch) {
    ids.next(trace);
    SpanBuilder builder =
        tracer
            .spanBuilder(trace.operation() + " " + timeline.model())
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(epoch + timeline.arrived(), TimeUnit.NANOSECONDS);
    TraceContext.Span parent = trace.parent();
    if (parent == null) {
      builder.setNoParent();
    } else {
      builder.setParent(Context.root().with(Span.wrap(remote(parent))));
    }
    if (trace.link() != null) {
      builder.setSpanKind(SpanKind.CONSUMER).addLink(remote(trace.link()));
    }
    Span root = builder.startSpan();
    root.setAllAttributes(attributes(timeline, trace));
    if (timeline.outcome() == Outcome.FAILED || timeline.code() >= 500) {
      root.setStatus(StatusCode.ERROR);
      root.setAttribute("error.type", Integer.toString(timeline.code()));
    }
    return root;
  }

  private static SpanContext remote(TraceContext.Span span) {
    return SpanContext.createFromRemoteParent(
        span.traceId(),
        span.spanId(),
        span.sampled() ? TraceFlags.getSampled() : TraceFlags.getDefault(),
        TraceState.getDefault());
  }

  private static Attributes attributes(RequestTimeline timeline, TraceContext trace) {
    AttributesBuilder all = Attributes.builder();
    all.put("gen_ai.operation.name", trace.operation());
    all.put("gen_ai.provider.name", "gearbox");
    all.put("gen_ai.request.model", timeline.model());
    all.put("gen_ai.request.stream", timeline.streaming());
    all.put("http.response.status_code", timeline.code());
    all.put("gearbox.request.id", timeline.requestId());
    all.put("gearbox.class", timeline.serviceClass());
    all.put("gearbox.tenant", timeline.tenant());
    all.put("gearbox.outcome", timeline.outcome().name().toLowerCase(Locale.ROOT));
    put(all, "gearbox.decision.id", timeline.decisionId());
    put(all, "gearbox.pool", timeline.pool());
    put(all, "gearbox.engine", timeline.engine());
    put(all, "gen_ai.response.model", timeline.variant());
    if (timeline.firstToken() != 0) {
      all.put("gen_ai.usage.input_tokens", timeline.tokens().prompt());
      all.put("gen_ai.usage.cache_read.input_tokens", timeline.tokens().cached());
      all.put("gen_ai.usage.output_tokens", timeline.tokens().generated());
      all.put("gen_ai.response.time_to_first_chunk", timeline.ttftSeconds());
    }
    switch (timeline.outcome()) {
      case STOP -> all.put(AttributeKey.stringArrayKey("gen_ai.response.finish_reasons"), "stop");
      case LENGTH ->
          all.put(AttributeKey.stringArrayKey("gen_ai.response.finish_reasons"), "length");
      case CANCELLED, EXPIRED, REFUSED, FAILED -> {}
    }
    return all.build();
  }

  private static void put(AttributesBuilder all, String name, @Nullable String value) {
    if (value != null) {
      all.put(name, value);
    }
  }

  /** What happened in the engine, by what it says; or, of one that says nothing, by its tokens. */
  private void generation(Context within, RequestTimeline timeline, long decided, long epoch) {
    EngineTimings timings = timeline.timings();
    long end = timeline.ended();
    long first = or(timeline.firstToken(), end);
    long queued = Math.min(decided + timings.queued(), first);
    long prefilled = timings.prefill() == 0 ? first : Math.min(queued + timings.prefill(), first);
    if (timings.queued() > 0) {
      child(within, "queue", decided, queued, epoch, null);
    }
    child(within, "prefill", queued, prefilled, epoch, null);
    if (timeline.firstToken() != 0) {
      child(within, "decode", prefilled, end, epoch, null);
    }
  }

  private void child(
      Context within, String name, long from, long to, long epoch, @Nullable String decision) {
    Span span =
        tracer
            .spanBuilder(name)
            .setParent(within)
            .setStartTimestamp(epoch + from, TimeUnit.NANOSECONDS)
            .startSpan();
    if (decision != null) {
      for (Note note : notes.apply(decision)) {
        span.addEvent(note.name(), note.attributes(), epoch + to, TimeUnit.NANOSECONDS);
      }
    }
    span.end(epoch + to, TimeUnit.NANOSECONDS);
  }

  private static long or(long instant, long otherwise) {
    return instant == 0 ? otherwise : instant;
  }

  @Override
  public void close() {
    provider.close();
  }

  /** The ids that a request was given when it arrived, then random ones. */
  private static final class GivenIds implements IdGenerator {
    private final IdGenerator random = IdGenerator.random();
    private String traceId = "";
    private @Nullable String spanId;

    void next(TraceContext trace) {
      traceId = trace.traceId();
      spanId = trace.spanId();
    }

    @Override
    public String generateTraceId() {
      return traceId;
    }

    @Override
    public String generateSpanId() {
      String given = spanId;
      spanId = null;
      return given == null ? random.generateSpanId() : given;
    }
  }

  /** Hands finished spans on. */
  private record Finished(Consumer<SpanData> to) implements SpanProcessor {
    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
      return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
      to.accept(span.toSpanData());
    }

    @Override
    public boolean isEndRequired() {
      return true;
    }
  }
}
