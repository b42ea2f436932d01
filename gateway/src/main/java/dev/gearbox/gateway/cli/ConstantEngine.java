package dev.gearbox.gateway.cli;

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
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;

/**
 * An engine of benchmarks and rehearsals: takes a fixed time to give a fixed answer, so that
 * whatever a request takes beyond that is the gateway's.
 */
record ConstantEngine(String id, String pool, String variant, String device, Duration delay)
    implements Engine {
  /** What every answer of the benchmark takes. */
  static final Duration DELAY = Duration.ofMillis(20);

  /** Tokens of an answer. */
  static final int TOKENS = 8;

  /** Text of each token. */
  static final String WORD = "word ";

  private static final int CONTEXT = 8192;
  private static final int SEQUENCES = 1024;

  @Override
  public EngineCapabilities capabilities() {
    return new EngineCapabilities(
        id, variant, device, "constant", CONTEXT, 1000, Set.of(Feature.CHAT));
  }

  @Override
  public Encoding encode(Prompt prompt) {
    return new Encoding.Encoded(TokenIds.of(1, 2, 3, 4, 5, 6, 7, 8));
  }

  @Override
  public Flow.Publisher<TokenEvent> submit(GenerationRequest request) {
    List<TokenEvent> events = new ArrayList<>();
    for (int i = 0; i < TOKENS; i++) {
      events.add(new TokenEvent.Token(i, WORD, null));
    }
    events.add(
        new TokenEvent.Finished(
            TokenEvent.FinishReason.LENGTH,
            "",
            new TokenCounts(request.prompt().size(), 0, TOKENS),
            new EngineTimings(0, delay.toNanos(), 0)));
    Flux<TokenEvent> answer = Flux.fromIterable(events);
    return JdkFlowAdapter.publisherToFlowPublisher(
        delay.isZero() ? answer : answer.delaySubscription(delay));
  }

  @Override
  public EngineSignal signal() {
    return new EngineSignal(
        id,
        pool,
        variant,
        device,
        State.READY,
        0,
        0,
        0,
        0,
        SEQUENCES,
        1000,
        1000,
        System.nanoTime());
  }

  @Override
  public void drain() {}

  @Override
  public void close() {}
}
