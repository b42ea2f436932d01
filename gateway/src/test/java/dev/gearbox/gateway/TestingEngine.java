package dev.gearbox.gateway;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** An engine that says the same words at a steady pace; a token is four characters of prompt. */
final class TestingEngine implements Engine {
  static final int CONTEXT = 1000;

  /** What it says of every answer. */
  static final EngineTimings TIMINGS = new EngineTimings(0, 20_000_000, 30_000_000);

  private final String id;
  private final String variant;
  private final Sinks.Empty<Void> closed = Sinks.empty();
  private volatile boolean gone;

  /** Time between two tokens. */
  volatile Duration pace;

  /** Fails every request before its first token. */
  volatile boolean broken;

  /** Says nothing to any request, as if it computed prompts for ever. */
  volatile boolean silent;

  /** Tokens after which requests fail. */
  volatile int failsAfter = Integer.MAX_VALUE;

  /** What it says of each token of an answer that it shall score. */
  volatile double finds = -0.5;

  /** Says, in place of that, that the deadline passed. */
  volatile boolean busy;

  private final Map<String, Prefill> prefills = new ConcurrentHashMap<>();
  final AtomicInteger running = new AtomicInteger();
  final AtomicInteger emitted = new AtomicInteger();
  final AtomicInteger encoded = new AtomicInteger();

  TestingEngine(String id, String variant, Duration pace) {
    this.id = id;
    this.variant = variant;
    this.pace = pace;
  }

  @Override
  public EngineCapabilities capabilities() {
    return new EngineCapabilities(
        id,
        variant,
        "test",
        variant + "@test",
        CONTEXT,
        50_000,
        Set.of(Feature.CHAT, Feature.LOGPROBS, Feature.LOGIT_BIAS));
  }

  @Override
  public Encoding encode(Prompt prompt) {
    encoded.incrementAndGet();
    return switch (prompt) {
      case Prompt.Tokens(TokenIds ids) -> new Encoding.Encoded(ids);
      case Prompt.Text(String text) -> tokens(text.length());
      case Prompt.Chat(List<Prompt.Message> messages, String tools) ->
          tokens(messages.stream().mapToInt(m -> String.valueOf(m.content()).length()).sum());
      case Prompt.Begun(Prompt of, String answer, TokenIds tokens) ->
          encode(of) instanceof Encoding.Encoded(TokenIds ids)
              ? new Encoding.Encoded(ids.plus(tokens))
              : encode(of);
    };
  }

  private static Encoding tokens(int characters) {
    return new Encoding.Encoded(TokenIds.of(new int[characters / 4 + 1]));
  }

  @Override
  public boolean scores() {
    return true;
  }

  private Flow.Publisher<TokenEvent> score(GenerationRequest request) {
    TokenCounts counts =
        new TokenCounts(request.prompt().size() - request.scored(), 0, request.scored());
    if (busy) {
      return JdkFlowAdapter.publisherToFlowPublisher(
          Flux.just(
              new TokenEvent.Failed(
                  TokenEvent.FailureCode.DEADLINE_EXCEEDED, "the deadline passed", counts)));
    }
    Flux<TokenEvent> tokens =
        Flux.fromStream(
            request.prompt().stream()
                .skip(counts.prompt())
                .mapToObj(
                    id -> new TokenEvent.Token(id, "", new TokenEvent.Logprob(finds, List.of()))));
    return JdkFlowAdapter.publisherToFlowPublisher(
        tokens.concatWith(
            Mono.just(
                new TokenEvent.Finished(
                    TokenEvent.FinishReason.STOP, "", counts, EngineTimings.NONE))));
  }

  @Override
  public Flow.Publisher<TokenEvent> submit(GenerationRequest request) {
    if (request.scores()) {
      return score(request);
    }
    if (silent) {
      return JdkFlowAdapter.publisherToFlowPublisher(
          Flux.<TokenEvent>never()
              .doOnSubscribe(s -> {
                running.incrementAndGet();
                prefills.put(request.id(), new Prefill(16, 40, 100));
              })
              .doFinally(s -> {
                prefills.remove(request.id());
                running.decrementAndGet();
              }));
    }
    if (broken) {
      return JdkFlowAdapter.publisherToFlowPublisher(
          Flux.just(
              new TokenEvent.Failed(
                  TokenEvent.FailureCode.ENGINE_FAILED, "the engine is broken", TokenCounts.NONE)));
    }
    Flux<TokenEvent> tokens = Flux.range(0, request.maxTokens()).map(i -> token(request, i));
    if (request.maxTokens() > failsAfter) {
      TokenEvent failed =
          new TokenEvent.Failed(
              TokenEvent.FailureCode.ENGINE_FAILED, "the model's step failed", TokenCounts.NONE);
      return JdkFlowAdapter.publisherToFlowPublisher(
          tokens.take(failsAfter).concatWith(Mono.just(failed)));
    }
    if (!pace.isZero()) {
      tokens = tokens.delayElements(pace);
    }
    int prompt = request.prompt().size();
    TokenEvent end =
        new TokenEvent.Finished(
            TokenEvent.FinishReason.LENGTH,
            "",
            new TokenCounts(prompt, 0, request.maxTokens()),
            TIMINGS);
    TokenEvent failed =
        new TokenEvent.Failed(
            TokenEvent.FailureCode.ENGINE_FAILED, "the engine was closed", TokenCounts.NONE);
    Flux<TokenEvent> events =
        tokens
            .concatWith(Mono.just(end))
            .takeUntilOther(closed.asMono())
            .concatWith(Mono.defer(() -> gone ? Mono.just(failed) : Mono.empty()))
            .doOnSubscribe(s -> running.incrementAndGet())
            .doFinally(s -> running.decrementAndGet());
    return JdkFlowAdapter.publisherToFlowPublisher(events);
  }

  @Override
  public Map<String, Prefill> prefills() {
    return Map.copyOf(prefills);
  }

  private TokenEvent token(GenerationRequest request, int i) {
    emitted.incrementAndGet();
    TokenEvent.Logprob logprob =
        request.sampling().topLogprobs() < 0
            ? null
            : new TokenEvent.Logprob(-0.5, List.of(new TokenEvent.Alternative(i, " w" + i, -0.5)));
    return new TokenEvent.Token(i, " w" + i, logprob);
  }

  @Override
  public EngineSignal signal() {
    return new EngineSignal(
        id,
        "pool",
        variant,
        "test",
        EngineSignal.State.READY,
        running.get(),
        0,
        0,
        0,
        32,
        100,
        100,
        System.nanoTime());
  }

  @Override
  public void drain() {}

  @Override
  public void close() {
    gone = true;
    closed.tryEmitEmpty();
  }
}
