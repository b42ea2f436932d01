package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.Finished;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An answer is the same whether tokens are guessed ahead or not, to the last event. */
final class SpeculativeDeviceTest {
  private static final List<SamplingSpec> SAMPLINGS =
      List.of(
          SamplingSpec.GREEDY,
          new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(), null, 3),
          new SamplingSpec(0, 0, 1, 0, 0.4f, 0.2f, 1.1f, Map.of(5, 2f), null, -1),
          new SamplingSpec(0.7f, 40, 0.95f, 0.02f, 0, 0, 1, Map.of(), 11L, 0),
          new SamplingSpec(1.2f, 0, 1, 0, 0.1f, 0, 1, Map.of(), 12L, -1));

  private final Device device = new Device("dev", System::nanoTime, new RecordingSink());
  private int ids;

  @AfterEach
  void close() {
    device.close();
  }

  private Engine open(int kvBlocks, int maxDrafts, TestingModelRunner runner) {
    EngineSpec spec =
        new EngineSpec("p/e", "p", "e", "f", Set.of(), 8, 4096, kvBlocks, 32, 64, maxDrafts);
    Engine engine = device.open(spec, runner, new TestingPromptEncoder());
    while (engine.signal().state() != State.READY) {
      Thread.onSpinWait();
    }
    return engine;
  }

  private GenerationRequest request(int number, boolean ignoreEos, String... stop) {
    int[] prompt = new int[20 + 9 * number];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = 1 + (i + number) % 9;
    }
    return new GenerationRequest(
        "r" + ids++,
        TokenIds.of(prompt),
        SAMPLINGS.get(number % SAMPLINGS.size()),
        60 + number,
        List.of(stop),
        ignoreEos,
        number % 3 == 2 ? Lane.BULK : Lane.INTERACTIVE,
        number % 2,
        0,
        Long.MAX_VALUE,
        "salt" + number,
        true);
  }

  /** Everything that a subscriber sees, times left out. */
  private static List<Object> seen(TestingSubscriber answer) {
    Finished finished = answer.finished();
    List<Object> seen = new ArrayList<>();
    for (TokenEvent event : answer.events()) {
      if (event instanceof TokenEvent.Token) {
        seen.add(event);
      }
    }
    TokenCounts counts = finished.tokens();
    seen.add(List.of(finished.reason(), finished.text(), counts.generated()));
    return seen;
  }

  private List<List<Object>> answers(Engine engine, boolean ignoreEos, String... stop) {
    List<TestingSubscriber> answers = new ArrayList<>();
    for (int number = 0; number < 10; number++) {
      answers.add(TestingSubscriber.to(engine.submit(request(number, ignoreEos, stop))));
    }
    return answers.stream().map(SpeculativeDeviceTest::seen).toList();
  }

  @Test
  void answersAreTheSameInBatches() {
    List<List<Object>> plain = answers(open(1000, 0, TestingModelRunner.repetitive(32)), true);
    Engine engine = open(1000, 8, TestingModelRunner.repetitive(32));
    assertThat(answers(engine, true)).isEqualTo(plain);
    assertThat(engine.counters().acceptedTokens()).isPositive();
    assertThat(engine.counters().draftTokens())
        .isGreaterThan(engine.counters().acceptedTokens())
        .isGreaterThanOrEqualTo(engine.counters().drafts());
  }

  @Test
  void answersAreTheSameUnderPreemptionAndLeaveNoBlock() {
    List<List<Object>> plain = answers(open(1000, 0, TestingModelRunner.repetitive(32)), true);
    Engine engine = open(24, 8, TestingModelRunner.repetitive(32));
    assertThat(answers(engine, true)).isEqualTo(plain);
    assertThat(engine.counters().preemptions()).isPositive();
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(engine.signal().kvBlocksTotal());
  }

  @Test
  void answersEndAtTheSameStopStringsAndEndTokens() {
    String stop = new TestingPromptEncoder().text(3) + new TestingPromptEncoder().text(9);
    List<List<Object>> plain = answers(open(1000, 0, TestingModelRunner.repetitive(32)), false);
    Engine engine = open(1000, 8, TestingModelRunner.repetitive(32));
    assertThat(answers(engine, false)).isEqualTo(plain);
    List<List<Object>> stopped =
        answers(open(1000, 0, TestingModelRunner.repetitive(32)), false, stop, "#$%");
    assertThat(answers(engine, false, stop, "#$%")).isEqualTo(stopped).isNotEqualTo(plain);
  }

  @Test
  void whatIsFoundAgainByItsPrefixHoldsAcceptedTokensOnly() {
    Engine engine = open(1000, 8, TestingModelRunner.repetitive(32));
    GenerationRequest request = request(0, true);
    List<Integer> tokens = TestingSubscriber.to(engine.submit(request)).await().tokens();
    int[] longer = new int[request.prompt().size() + tokens.size()];
    for (int i = 0; i < longer.length; i++) {
      int answered = i - request.prompt().size();
      longer[i] = answered < 0 ? request.prompt().get(i) : tokens.get(answered);
    }
    GenerationRequest next = GenerationRequest.greedy("next", TokenIds.of(longer), 40);
    GenerationRequest salted =
        new GenerationRequest(
            "salted",
            next.prompt(),
            next.sampling(),
            next.maxTokens(),
            next.stop(),
            next.ignoreEos(),
            next.lane(),
            next.priority(),
            0,
            Long.MAX_VALUE,
            request.cacheSalt(),
            true);
    TestingSubscriber warm = TestingSubscriber.to(engine.submit(salted));
    TestingSubscriber cold = TestingSubscriber.to(engine.submit(next));
    assertThat(warm.finished().tokens().cached()).isGreaterThanOrEqualTo(longer.length - 17);
    assertThat(warm.tokens()).isEqualTo(cold.await().tokens());
  }

  @Test
  void cancellingAmongGuessesFreesTheirBlocks() {
    TestingModelRunner runner = TestingModelRunner.repetitive(32);
    Engine engine = open(1000, 8, runner);
    Semaphore gate = runner.gate();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(4, true)));
    gate.release(60);
    answer.awaitEvents(12);
    answer.cancel();
    gate.release(1000);
    while (engine.signal().running() + engine.signal().waiting() > 0) {
      Thread.onSpinWait();
    }
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(engine.signal().kvBlocksTotal());
  }
}
