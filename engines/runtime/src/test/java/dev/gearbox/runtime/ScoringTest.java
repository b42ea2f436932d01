package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers that are scored rather than made, beside those that are made. */
final class ScoringTest {
  private static final int STEP = 32;

  /** Half of them, and one, are context. */
  private static final int WINDOW = 240;

  private static final int PROMPT = WINDOW / 2 + 1;

  private final RecordingSink sink = new RecordingSink();
  private final Device device = new Device("dev", System::nanoTime, sink);

  @AfterEach
  void close() {
    device.close();
  }

  private Engine open(String name, int kvBlocks, TestingModelRunner runner) {
    EngineSpec spec =
        new EngineSpec("pool/" + name, "pool", name, "f", Set.of(), 4, 4096, kvBlocks, STEP, 64, 8);
    Engine engine = device.open(spec, runner, new TestingPromptEncoder());
    while (engine.signal().state() != State.READY) {
      Thread.onSpinWait();
    }
    return engine;
  }

  private static TestingModelRunner runner() {
    return new TestingModelRunner(STEP, 0);
  }

  private static TokenIds text() {
    int[] tokens = new int[WINDOW];
    for (int i = 0; i < WINDOW; i++) {
      tokens[i] = 1 + i * 37 % 120;
    }
    return TokenIds.of(tokens);
  }

  private static TokenIds answer() {
    return text().after(PROMPT);
  }

  private static GenerationRequest scoring(String salt, long deadline) {
    return GenerationRequest.scoring(
        "score-" + salt, text().first(PROMPT), answer(), salt, deadline);
  }

  private static GenerationRequest making(String id, int promptTokens, int maxTokens, Lane lane) {
    return new GenerationRequest(
        id,
        text().first(promptTokens),
        SamplingSpec.GREEDY,
        maxTokens,
        List.of(),
        true,
        lane,
        -100,
        0,
        Long.MAX_VALUE,
        id,
        false);
  }

  private static List<Double> scores(TestingSubscriber scored) {
    List<Double> values = new ArrayList<>();
    for (TokenEvent event : scored.await().events()) {
      if (event instanceof TokenEvent.Token token) {
        values.add(Objects.requireNonNull(token.logprob()).value());
      }
    }
    return values;
  }

  /** What the offline scorer says of the same tokens. */
  private static List<Double> expected() {
    List<Double> values = new ArrayList<>();
    new PromptScorer(runner(), WINDOW, OptionalInt.empty())
        .score(text(), (index, logProbability) -> values.add(logProbability));
    return values;
  }

  @Test
  void scoresAreThoseOfTheOfflineScorer() {
    Engine engine = open("e", 100, runner());
    assertThat(scores(TestingSubscriber.to(engine.submit(scoring("a", Long.MAX_VALUE)))))
        .hasSize(answer().size())
        .isEqualTo(expected());
  }

  @Test
  void whatTheCacheHoldsIsSparedAsFarAsTheAnswer() {
    Engine engine = open("e", 100, runner());
    TestingSubscriber.to(engine.submit(making("a", PROMPT, 3, Lane.INTERACTIVE))).finished();
    for (int i = 0; i < 2; i++) {
      TestingSubscriber scored = TestingSubscriber.to(engine.submit(scoring("a", Long.MAX_VALUE)));
      assertThat(scored.finished().tokens().cached()).isEqualTo(112);
      assertThat(scores(scored)).isEqualTo(expected());
    }
    // And the other way: the prompt and the answer are a prefix for whoever goes on with them.
    TestingSubscriber next = TestingSubscriber.to(engine.submit(making("a", WINDOW, 3, Lane.BULK)));
    assertThat(next.finished().tokens().cached()).isGreaterThan(PROMPT);
  }

  @Test
  void itIsNoLoadAndCountsNowhere() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    EngineCounters before = engine.counters();
    Semaphore gate = runner.gate();
    TestingSubscriber scored = TestingSubscriber.to(engine.submit(scoring("a", Long.MAX_VALUE)));
    while (gate.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    assertThat(engine.signal().running() + engine.signal().waiting()).isZero();
    assertThat(engine.signal().pendingPrefillTokens()).isZero();
    gate.release(1000);
    scored.finished();
    assertThat(engine.counters()).isEqualTo(before);
    assertThat(sink.steps()).isEmpty();
  }

  @Test
  void itGetsNoStepWhileAnybodyOnTheDeviceWantsOne() {
    TestingModelRunner busy = runner();
    Engine a = open("a", 100, busy);
    Engine b = open("b", 100, runner());
    Semaphore gate = busy.gate();
    List<String> ends = Collections.synchronizedList(new ArrayList<>());
    TestingSubscriber made =
        TestingSubscriber.to(
            a.submit(making("m", 20, 50, Lane.BULK)), Long.MAX_VALUE, event -> ends.add("made"));
    while (gate.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    TestingSubscriber scoredThere =
        TestingSubscriber.to(
            b.submit(scoring("a", Long.MAX_VALUE)), Long.MAX_VALUE, event -> ends.add("scored"));
    TestingSubscriber scoredHere =
        TestingSubscriber.to(
            a.submit(scoring("b", Long.MAX_VALUE)), Long.MAX_VALUE, event -> ends.add("scored"));
    gate.release(1000);
    assertThat(made.finished().tokens().generated()).isEqualTo(50);
    assertThat(scores(scoredHere)).isEqualTo(expected());
    assertThat(scores(scoredThere)).isEqualTo(expected());
    assertThat(ends.subList(0, 51)).containsOnly("made");
    assertThat(ends.subList(51, ends.size())).containsOnly("scored");
  }

  @Test
  void itGivesItsBlocksToAnybodyAndGoesOnAfterwards() {
    // The answer that is scored takes 15 blocks of 20, each of the others 8.
    TestingModelRunner runner = runner();
    Engine engine = open("e", 20, runner);
    List<List<Integer>> alone = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      alone.add(
          TestingSubscriber.to(engine.submit(making("m" + i, 60, 60, Lane.BULK))).await().tokens());
    }
    long preemptions = engine.counters().preemptions();
    Semaphore gate = runner.gate();
    int before = runner.steps();
    TestingSubscriber scored = TestingSubscriber.to(engine.submit(scoring("s", Long.MAX_VALUE)));
    gate.release(6);
    while (runner.steps() < before + 6 || gate.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    assertThat(scored.events()).isNotEmpty().hasSizeLessThan(answer().size());
    TestingSubscriber first = TestingSubscriber.to(engine.submit(making("m0", 60, 60, Lane.BULK)));
    TestingSubscriber second = TestingSubscriber.to(engine.submit(making("m1", 60, 60, Lane.BULK)));
    gate.release(100_000);
    assertThat(first.await().tokens()).isEqualTo(alone.get(0));
    assertThat(second.await().tokens()).isEqualTo(alone.get(1));
    assertThat(scores(scored)).isEqualTo(expected());
    assertThat(engine.counters().preemptions()).isEqualTo(preemptions);
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(20);
  }

  @Test
  void cancellingOrItsDeadlineEndsIt() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    Semaphore gate = runner.gate();
    TestingSubscriber made =
        TestingSubscriber.to(engine.submit(making("m", 20, 50, Lane.INTERACTIVE)));
    long deadline = System.nanoTime() + 1_000_000;
    TestingSubscriber late = TestingSubscriber.to(engine.submit(scoring("a", deadline)));
    TestingSubscriber cancelled = TestingSubscriber.to(engine.submit(scoring("b", Long.MAX_VALUE)));
    cancelled.cancel();
    while (System.nanoTime() - deadline < 0) {
      Thread.onSpinWait();
    }
    gate.release(1000);
    made.finished();
    assertThat(late.failed().code()).isEqualTo(FailureCode.DEADLINE_EXCEEDED);
    assertThat(cancelled.events()).isEmpty();
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(100);
  }

  @Test
  void anAnswerNeedsSomethingBeforeItAndRoomInTheContext() {
    Engine engine = open("e", 10, runner());
    TestingSubscriber tooLong = TestingSubscriber.to(engine.submit(scoring("a", Long.MAX_VALUE)));
    assertThat(tooLong.failed().code()).isEqualTo(FailureCode.CONTEXT_LENGTH_EXCEEDED);
    assertThatThrownBy(
            () -> GenerationRequest.scoring("s", TokenIds.EMPTY, answer(), "", Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> GenerationRequest.scoring("s", text(), TokenIds.EMPTY, "", Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
