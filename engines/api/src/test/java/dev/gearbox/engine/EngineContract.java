package dev.gearbox.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenEvent.Logprob;
import dev.gearbox.engine.TokenEvent.Token;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every engine promises, whatever it runs on. An engine's own test extends this and says how
 * to open one; its clock is {@link System#nanoTime}.
 */
public abstract class EngineContract {
  private static final int LONG_ANSWER = 400;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final AtomicInteger ids = new AtomicInteger();
  private final List<Engine> opened = new ArrayList<>();

  /** Opens a fresh engine with a context of 1024 tokens at least; it need not be warm yet. */
  protected abstract Engine open(int maxSequences, int queueLimit);

  @AfterEach
  protected final void closeEngines() {
    opened.forEach(Engine::close);
  }

  private Engine engine(int maxSequences, int queueLimit) {
    Engine engine = open(maxSequences, queueLimit);
    opened.add(engine);
    await(engine, signal -> signal.state() == State.READY);
    return engine;
  }

  private Engine engine() {
    return engine(8, 32);
  }

  /** A prompt of ids that any vocabulary has. */
  private static TokenIds prompt(int length, int variety) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = 40 + (i * 31 + variety * 17) % 60;
    }
    return TokenIds.of(tokens);
  }

  /** A request whose answer has exactly {@code maxTokens} tokens and shares no cache. */
  private GenerationRequest request(int promptTokens, int maxTokens) {
    return request(promptTokens, maxTokens, SamplingSpec.GREEDY, List.of(), Long.MAX_VALUE);
  }

  private GenerationRequest request(
      int promptTokens, int maxTokens, SamplingSpec sampling, List<String> stop, long deadline) {
    int number = ids.incrementAndGet();
    return new GenerationRequest(
        "r" + number,
        prompt(promptTokens, 1),
        sampling,
        maxTokens,
        stop,
        true,
        Lane.INTERACTIVE,
        0,
        0,
        deadline,
        "salt" + number,
        true);
  }

  private static SamplingSpec sampling(float temperature, Long seed, int topLogprobs) {
    return new SamplingSpec(temperature, 0, 1, 0, 0, 0, 1, Map.of(), seed, topLogprobs);
  }

  private static EngineSignal await(Engine engine, Predicate<EngineSignal> condition) {
    long giveUp = System.nanoTime() + PATIENCE_NANOS;
    EngineSignal signal = engine.signal();
    while (!condition.test(signal)) {
      if (System.nanoTime() - giveUp > 0) {
        throw new AssertionError("not reached, the engine says " + signal);
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
      signal = engine.signal();
    }
    return signal;
  }

  private static void awaitNothingLeft(Engine engine) {
    await(
        engine,
        signal ->
            signal.running() == 0
                && signal.waiting() == 0
                && signal.pendingPrefillTokens() == 0
                && signal.contextTokens() == 0
                && signal.kvBlocksFree() == signal.kvBlocksTotal());
  }

  @Test
  void streamsTokensThenOneTerminalEventThenCompletes() {
    Engine engine = engine();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(20, 12)));
    assertThat(answer.finished().reason()).isEqualTo(FinishReason.LENGTH);
    List<TokenEvent> events = answer.events();
    assertThat(events).hasSize(13);
    assertThat(events.subList(0, 12)).allMatch(Token.class::isInstance);
    assertThat(answer.completions()).isEqualTo(1);
    assertThat(answer.error()).isNull();
    awaitNothingLeft(engine);
  }

  @Test
  void countsTokensAndTimesItsPhases() {
    TokenEvent.Finished finished = TestingSubscriber.to(engine().submit(request(20, 5))).finished();
    assertThat(finished.tokens().prompt()).isEqualTo(20);
    assertThat(finished.tokens().generated()).isEqualTo(5);
    assertThat(finished.timings().prefill()).isPositive();
    assertThat(finished.timings().decode()).isPositive();
  }

  @Test
  void answersOneTokenPromptsAndOneTokenAnswers() {
    TestingSubscriber answer = TestingSubscriber.to(engine().submit(request(1, 1)));
    assertThat(answer.finished().tokens().total()).isEqualTo(2);
  }

  @Test
  void startsNothingBeforeTheSubscriberComes() {
    Engine engine = engine();
    Flow.Publisher<TokenEvent> publisher = engine.submit(request(20, 5));
    assertThat(engine.signal().running() + engine.signal().waiting()).isZero();
    assertThat(TestingSubscriber.to(publisher).finished().tokens().generated()).isEqualTo(5);
  }

  @Test
  void refusesASecondSubscriberAndServesTheFirst() {
    Flow.Publisher<TokenEvent> publisher = engine().submit(request(20, 5));
    TestingSubscriber first = TestingSubscriber.to(publisher);
    TestingSubscriber second = TestingSubscriber.to(publisher).await();
    assertThat(second.error()).isInstanceOf(IllegalStateException.class);
    assertThat(second.events()).isEmpty();
    assertThat(first.finished().tokens().generated()).isEqualTo(5);
  }

  @Test
  void equalSeedsGiveEqualAnswersAndOthersDiffer() {
    Engine engine = engine();
    List<List<Integer>> answers = new ArrayList<>();
    for (long seed : new long[] {7, 7, 8}) {
      GenerationRequest request =
          request(20, 24, sampling(1.5f, seed, -1), List.of(), Long.MAX_VALUE);
      answers.add(TestingSubscriber.to(engine.submit(request)).await().tokens());
    }
    assertThat(answers.get(1)).isEqualTo(answers.get(0));
    assertThat(answers.get(2)).isNotEqualTo(answers.get(0));
  }

  @Test
  void reportsLogProbabilitiesOnlyWhenAsked() {
    Engine engine = engine();
    GenerationRequest asked = request(20, 6, sampling(0, 1L, 3), List.of(), Long.MAX_VALUE);
    for (TokenEvent event : TestingSubscriber.to(engine.submit(asked)).await().events()) {
      if (event instanceof Token token) {
        Logprob logprob = Objects.requireNonNull(token.logprob());
        assertThat(logprob.value()).isNotPositive();
        assertThat(logprob.top()).hasSize(3);
        assertThat(logprob.top().getFirst().id()).isEqualTo(token.id());
        assertThat(logprob.top().getFirst().value()).isEqualTo(logprob.value());
        assertThat(logprob.top().get(1).value()).isLessThanOrEqualTo(logprob.value());
      }
    }
    assertThat(TestingSubscriber.to(engine.submit(request(20, 1))).await().events().getFirst())
        .matches(event -> event instanceof Token token && token.logprob() == null);
  }

  @Test
  void saysHowLikelyAGivenAnswerIsOrRefuses() {
    Engine engine = engine();
    TestingSubscriber greedy = TestingSubscriber.to(engine.submit(request(20, 40)));
    TokenIds answer =
        TokenIds.of(greedy.await().tokens().stream().mapToInt(Integer::intValue).toArray());
    GenerationRequest scoring =
        GenerationRequest.scoring("s", prompt(20, 1), answer, "other", Long.MAX_VALUE);
    if (!engine.scores()) {
      assertThatThrownBy(() -> engine.submit(scoring)).isInstanceOf(IllegalArgumentException.class);
      return;
    }
    TestingSubscriber scored = TestingSubscriber.to(engine.submit(scoring));
    assertThat(scored.finished().tokens().prompt()).isEqualTo(20);
    assertThat(scored.finished().tokens().generated()).isEqualTo(40);
    assertThat(scored.tokens()).isEqualTo(greedy.tokens());
    assertThat(scored.text()).isEqualTo(greedy.text());
    for (TokenEvent event : scored.events()) {
      if (event instanceof Token token) {
        assertThat(Objects.requireNonNull(token.logprob()).value()).isFinite().isNotPositive();
      }
    }
    awaitNothingLeft(engine);
  }

  @Test
  void stopsBeforeAStopStringWhereverTokensEnd() {
    Engine engine = engine();
    String whole = TestingSubscriber.to(engine.submit(request(20, 48))).await().text();
    assertThat(whole).hasSizeGreaterThan(12);
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 4);
    GenerationRequest request =
        request(20, 48, SamplingSpec.GREEDY, List.of("\u0000never", stop), Long.MAX_VALUE);
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request));
    assertThat(answer.finished().reason()).isEqualTo(FinishReason.STOP);
    assertThat(answer.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    awaitNothingLeft(engine);
  }

  @Test
  void cancelledInTheQueueNeverRuns() {
    Engine engine = engine(1, 4);
    TestingSubscriber first = TestingSubscriber.to(engine.submit(request(20, 60)), 3);
    first.awaitEvents(3);
    TestingSubscriber queued = TestingSubscriber.to(engine.submit(request(20, 5)));
    queued.cancel();
    await(engine, signal -> signal.waiting() == 0);
    first.request(Long.MAX_VALUE);
    assertThat(first.finished().tokens().generated()).isEqualTo(60);
    assertThat(queued.events()).isEmpty();
    awaitNothingLeft(engine);
  }

  @Test
  void cancelledInPrefillFreesItsMemory() {
    Engine engine = engine();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(600, LONG_ANSWER)));
    answer.cancel();
    awaitNothingLeft(engine);
    assertThat(answer.completions()).isZero();
  }

  @Test
  void cancelledInDecodeSendsNothingMoreAndFreesItsMemory() {
    Engine engine = engine();
    TestingSubscriber answer =
        TestingSubscriber.to(
            engine.submit(request(20, LONG_ANSWER)),
            Long.MAX_VALUE,
            subscriber -> {
              if (subscriber.events().size() == 3) {
                subscriber.cancel();
              }
            });
    answer.awaitEvents(3);
    awaitNothingLeft(engine);
    assertThat(answer.events()).hasSize(3);
    assertThat(answer.completions()).isZero();
  }

  @Test
  void cancellingTwiceOrLateChangesNothing() {
    Engine engine = engine();
    TestingSubscriber done = TestingSubscriber.to(engine.submit(request(20, 4)));
    done.finished();
    TestingSubscriber twice = TestingSubscriber.to(engine.submit(request(20, LONG_ANSWER)));
    twice.awaitEvents(1);
    for (int i = 0; i < 3; i++) {
      done.cancel();
      twice.cancel();
    }
    awaitNothingLeft(engine);
    assertThat(done.events()).hasSize(5);
    assertThat(TestingSubscriber.to(engine.submit(request(20, 4))).finished().reason())
        .isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void aCancelDoesNotTouchTheNeighbour() {
    Engine engine = engine();
    TestingSubscriber neighbour = TestingSubscriber.to(engine.submit(request(20, 40)));
    for (int i = 0; i < 5; i++) {
      TestingSubscriber.to(engine.submit(request(20, LONG_ANSWER))).awaitEvents(2).cancel();
    }
    assertThat(neighbour.finished().tokens().generated()).isEqualTo(40);
    awaitNothingLeft(engine);
  }

  @Test
  void withoutDemandASequencePausesAndNoOtherDoes() {
    Engine engine = engine();
    TestingSubscriber slow = TestingSubscriber.to(engine.submit(request(20, 60)), 5);
    TestingSubscriber quick = TestingSubscriber.to(engine.submit(request(20, 60)));
    assertThat(quick.finished().tokens().generated()).isEqualTo(60);
    assertThat(slow.awaitEvents(5).events()).hasSize(5);
    assertThat(engine.signal().running()).isEqualTo(1);
    slow.request(1);
    assertThat(slow.awaitEvents(6).events()).hasSize(6);
    slow.request(Long.MAX_VALUE);
    assertThat(slow.finished().tokens().generated()).isEqualTo(60);
    awaitNothingLeft(engine);
  }

  @Test
  void aDeadlineEndsWhatRunsAndWhatWaits() {
    Engine engine = engine(1, 4);
    TestingSubscriber stalled =
        TestingSubscriber.to(engine.submit(deadlineIn(300_000_000)), 1, subscriber -> {});
    TestingSubscriber queued = TestingSubscriber.to(engine.submit(deadlineIn(300_000_000)));
    assertThat(queued.failed().code()).isEqualTo(FailureCode.DEADLINE_EXCEEDED);
    awaitNothingLeft(engine);
    stalled.request(Long.MAX_VALUE);
    assertThat(stalled.failed().code()).isEqualTo(FailureCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aDeadlineThatPassedFailsAtOnce() {
    Engine engine = engine();
    TestingSubscriber late = TestingSubscriber.to(engine.submit(deadlineIn(-1)));
    assertThat(late.failed().code()).isEqualTo(FailureCode.DEADLINE_EXCEEDED);
    assertThat(late.tokens()).isEmpty();
    awaitNothingLeft(engine);
  }

  private GenerationRequest deadlineIn(long nanos) {
    long deadline = System.nanoTime() + nanos;
    return request(20, LONG_ANSWER, SamplingSpec.GREEDY, List.of(), deadline);
  }

  @Test
  void refusesWhatItsQueueCannotHold() {
    Engine engine = engine(1, 1);
    TestingSubscriber running = TestingSubscriber.to(engine.submit(request(20, 60)), 1);
    TestingSubscriber queued = TestingSubscriber.to(engine.submit(request(20, 3)));
    TestingSubscriber refused = TestingSubscriber.to(engine.submit(request(20, 3)));
    assertThat(refused.failed().code()).isEqualTo(FailureCode.OVERLOADED);
    assertThat(refused.events()).hasSize(1);
    running.request(Long.MAX_VALUE);
    assertThat(running.finished().tokens().generated()).isEqualTo(60);
    assertThat(queued.finished().tokens().generated()).isEqualTo(3);
    awaitNothingLeft(engine);
  }

  @Test
  void refusesWhatExceedsItsContext() {
    Engine engine = engine();
    int context = engine.capabilities().maxContext();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(20, context)));
    assertThat(answer.failed().code()).isEqualTo(FailureCode.CONTEXT_LENGTH_EXCEEDED);
    awaitNothingLeft(engine);
  }

  @Test
  void refusesTokensThatItsVocabularyLacks() {
    Engine engine = engine();
    int vocabulary = engine.capabilities().vocabulary();
    for (int token : new int[] {-1, vocabulary, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      GenerationRequest request = GenerationRequest.greedy("bad", TokenIds.of(token), 1);
      assertThatThrownBy(() -> engine.submit(request)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void drainsByFinishingWhatItHasAndTakingNothing() {
    Engine engine = engine();
    TestingSubscriber running = TestingSubscriber.to(engine.submit(request(20, 40)));
    running.awaitEvents(1);
    engine.drain();
    assertThat(engine.signal().state()).isEqualTo(State.DRAINING);
    TestingSubscriber refused = TestingSubscriber.to(engine.submit(request(20, 3)));
    assertThat(refused.failed().code()).isEqualTo(FailureCode.OVERLOADED);
    assertThat(running.finished().tokens().generated()).isEqualTo(40);
    awaitNothingLeft(engine);
  }

  @Test
  void closingFailsWhatRunsAndWhatComesAfter() {
    Engine engine = engine();
    TestingSubscriber running = TestingSubscriber.to(engine.submit(request(20, LONG_ANSWER)));
    running.awaitEvents(1);
    engine.close();
    engine.close();
    assertThat(running.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(TestingSubscriber.to(engine.submit(request(20, 3))).failed().code())
        .isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(engine.signal().state()).isEqualTo(State.CLOSED);
    awaitNothingLeft(engine);
  }

  @Test
  void aSubscriberThatThrowsHurtsOnlyItself() {
    Engine engine = engine();
    TestingSubscriber neighbour = TestingSubscriber.to(engine.submit(request(20, 20)));
    TestingSubscriber.to(
        engine.submit(request(20, LONG_ANSWER)),
        Long.MAX_VALUE,
        subscriber -> {
          throw new IllegalStateException("a broken subscriber");
        });
    assertThat(neighbour.finished().tokens().generated()).isEqualTo(20);
    awaitNothingLeft(engine);
  }

  @Test
  void servesManySubmittersAndLeaksNothing() throws InterruptedException {
    Engine engine = engine(8, 64);
    List<TestingSubscriber> kept = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < 6; i++) {
                  submitOneToKeepAndOneToCancel(engine, kept);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (TestingSubscriber subscriber : kept) {
      assertThat(subscriber.finished().tokens().generated()).isEqualTo(6);
    }
    awaitNothingLeft(engine);
  }

  private void submitOneToKeepAndOneToCancel(Engine engine, List<TestingSubscriber> kept) {
    TestingSubscriber cancelled = TestingSubscriber.to(engine.submit(request(40, LONG_ANSWER)));
    TestingSubscriber finishing = TestingSubscriber.to(engine.submit(request(30, 6)));
    synchronized (kept) {
      kept.add(finishing);
    }
    cancelled.cancel();
  }

  @Test
  void passesTokensThroughUnchangedAndEncodesText() {
    Engine engine = engine();
    TokenIds tokens = TokenIds.of(40, 41, 42);
    assertThat(engine.encode(new Prompt.Tokens(tokens))).isEqualTo(new Encoding.Encoded(tokens));
    assertThat(engine.encode(new Prompt.Text("Gears")))
        .matches(encoding -> encoding instanceof Encoding.Encoded some && some.tokens().size() > 0);
  }

  @Test
  void saysWhatItIs() {
    Engine engine = engine();
    EngineSignal signal = engine.signal();
    assertThat(signal.engine()).isEqualTo(engine.capabilities().engine());
    assertThat(signal.variant()).isEqualTo(engine.capabilities().variant());
    assertThat(signal.device()).isEqualTo(engine.capabilities().device());
    assertThat(engine.capabilities().maxContext()).isGreaterThanOrEqualTo(1024);
  }
}
