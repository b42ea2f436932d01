package dev.gearbox.gateway.http;

import dev.gearbox.engine.Engine;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.dispatch.Dispatcher;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.gateway.stream.LineEvent;
import dev.gearbox.gateway.stream.Opening;
import dev.gearbox.gateway.stream.StreamFrames;
import dev.gearbox.gateway.stream.WholeAnswer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/**
 * Writes what the line says about one request. Nothing is committed before the line's first word
 * about the answer, so that a refusal has its status; a stream that hears nothing for a while
 * begins with comments, and a refusal then is its last event.
 */
final class LineResponse {
  private static final MediaType EVENTS =
      MediaType.parseMediaType("text/event-stream;charset=utf-8");

  private final Line line;
  private final KeepAlive keepAlive;
  private final Supplier<Map<String, Engine.Prefill>> prefills;
  private final LongSupplier clock;
  private final InstantSource time;

  /**
   * When a waiting stream shows that it lives.
   *
   * @param first after this long without a word
   * @param every and then this often until the first token, and whenever there is none for so long
   */
  record KeepAlive(Duration first, Duration every) {
    static final KeepAlive DEFAULT = new KeepAlive(Duration.ofSeconds(1), Duration.ofSeconds(5));

    /** For who wants to see how far the prompt is. */
    static final KeepAlive PROGRESS = new KeepAlive(Duration.ofMillis(250), Duration.ofMillis(250));
  }

  /** One thing to write: the word of the line, or a sign of life. */
  private sealed interface Item {
    record Word(LineEvent event) implements Item {}

    record Sign() implements Item {}
  }

  LineResponse(
      Line line,
      KeepAlive keepAlive,
      Supplier<Map<String, Engine.Prefill>> prefills,
      LongSupplier clock,
      InstantSource time) {
    this.line = line;
    this.keepAlive = keepAlive;
    this.prefills = prefills;
    this.clock = clock;
    this.time = time;
  }

  Mono<Void> write(InferenceRequest request, ServerHttpResponse response) {
    if (!request.ignoredFields().isEmpty()) {
      response.getHeaders().set("x-gearbox-ignored", String.join(", ", request.ignoredFields()));
    }
    Mono<Void> written = request.streaming() ? stream(request, response) : whole(request, response);
    Scheduler reader = EventLoops.of(response);
    return reader == null
        ? written
        : written.contextWrite(context -> context.put(Dispatcher.READER, reader));
  }

  private Mono<Void> whole(InferenceRequest request, ServerHttpResponse response) {
    return line.run(request)
        .collect(() -> new WholeAnswer(request, seconds()), WholeAnswer::add)
        .flatMap(answer -> {
          Opening opening = answer.opening();
          RateHeaders.set(response.getHeaders(), answer.rates());
          if (opening != null) {
            describe(response.getHeaders(), opening);
          }
          processed(response.getHeaders(), request);
          Refusal refusal = answer.refusal();
          return refusal != null
              ? Replies.error(response, refusal)
              : Replies.write(response, answer.json());
        });
  }

  private Mono<Void> stream(InferenceRequest request, ServerHttpResponse response) {
    StreamFrames frames = new StreamFrames(request, seconds());
    return items(request)
        .filter(item -> !opens(item, frames, response))
        .switchOnFirst((first, all) -> {
          processed(response.getHeaders(), request);
          return first.get() instanceof Item.Word(LineEvent.Refused(Refusal refusal))
              ? Replies.error(response, refusal)
              : events(all, frames, request, response);
        })
        .then();
  }

  /** Takes out of the stream what becomes headers, if they are not sent yet. */
  private static boolean opens(Item item, StreamFrames frames, ServerHttpResponse response) {
    if (item instanceof Item.Word(LineEvent.Entered(RateStatus rates))) {
      if (!response.isCommitted()) {
        RateHeaders.set(response.getHeaders(), rates);
      }
      return true;
    }
    if (item instanceof Item.Word(LineEvent.Opened opened)) {
      frames.of(opened);
      if (!response.isCommitted()) {
        describe(response.getHeaders(), opened.opening());
      }
      return true;
    }
    return false;
  }

  private Flux<Item> items(InferenceRequest request) {
    KeepAlive pace = request.progress() ? KeepAlive.PROGRESS : keepAlive;
    Sinks.Empty<Void> over = Sinks.empty();
    AtomicLong spoken = new AtomicLong(Long.MIN_VALUE);
    Flux<Item> words =
        line.run(request)
            .doOnNext(event -> {
              if (!(event instanceof LineEvent.Opened || event instanceof LineEvent.Entered)) {
                spoken.setRelease(clock.getAsLong());
              }
            })
            .doOnTerminate(over::tryEmitEmpty)
            .map(Item.Word::new);
    Flux<Item> signs =
        Flux.interval(pace.first(), pace.every())
            .onBackpressureDrop()
            .filter(tick -> isSilent(spoken))
            .takeUntilOther(over.asMono())
            .map(tick -> new Item.Sign());
    return Flux.merge(words, signs);
  }

  /** An answer that has begun may stop for long when its engine dies and another one is busy. */
  private boolean isSilent(AtomicLong spoken) {
    long last = spoken.getAcquire();
    long now = clock.getAsLong();
    return last == Long.MIN_VALUE
        || (now - last >= keepAlive.every().toNanos() && spoken.compareAndSet(last, now));
  }

  private Mono<Void> events(
      Flux<Item> items,
      StreamFrames frames,
      InferenceRequest request,
      ServerHttpResponse response) {
    HttpHeaders headers = response.getHeaders();
    headers.setContentType(EVENTS);
    headers.set("cache-control", "no-cache");
    headers.set("x-accel-buffering", "no");
    DataBufferFactory buffers = response.bufferFactory();
    Flux<Mono<DataBuffer>> written =
        items
            .concatMapIterable(item ->
                switch (item) {
                  case Item.Word(LineEvent event) -> frames.of(event);
                  case Item.Sign() -> sign(frames, request);
                })
            .map(frame -> Mono.just(buffers.wrap(frame)));
    return response.writeAndFlushWith(written);
  }

  private List<byte[]> sign(StreamFrames frames, InferenceRequest request) {
    Engine.Prefill prefill = request.progress() ? prefills.get().get(request.id()) : null;
    return prefill == null
        ? List.of(StreamFrames.KEEP_ALIVE)
        : frames.progress(prefill, millis(request));
  }

  private long millis(InferenceRequest request) {
    return (clock.getAsLong() - request.arrivedNanos()) / 1_000_000;
  }

  private static void describe(HttpHeaders headers, Opening opening) {
    headers.set("x-gearbox-variant", opening.variant());
    headers.set("x-gearbox-pool", opening.pool());
    headers.set("x-gearbox-decision-id", opening.decisionId());
    headers.set(
        "x-gearbox-overhead-ms", String.format(Locale.ROOT, "%.3f", opening.overheadNanos() / 1e6));
  }

  private void processed(HttpHeaders headers, InferenceRequest request) {
    headers.set("openai-processing-ms", Long.toString(millis(request)));
  }

  private long seconds() {
    return time.instant().getEpochSecond();
  }
}
