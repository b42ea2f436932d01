package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenEvent.Finished;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the contract cannot see: blocks, steps, several engines on one device. */
final class DeviceTest {
  private final RecordingSink sink = new RecordingSink();
  private final Device device = new Device("dev", System::nanoTime, sink);
  private int ids;

  @AfterEach
  void close() {
    device.close();
  }

  private Engine open(String name, int kvBlocks, TestingModelRunner runner) {
    EngineSpec spec =
        new EngineSpec("pool/" + name, "pool", name, "f", Set.of(), 8, 4096, kvBlocks, 32, 64, 8);
    Engine engine = device.open(spec, runner, new TestingPromptEncoder());
    awaitState(engine, State.READY);
    return engine;
  }

  private static void awaitState(Engine engine, State state) {
    long giveUp = System.nanoTime() + 30_000_000_000L;
    while (engine.signal().state() != state && System.nanoTime() - giveUp < 0) {
      Thread.onSpinWait();
    }
    assertThat(engine.signal().state()).isEqualTo(state);
  }

  private static TestingModelRunner runner() {
    return new TestingModelRunner(32, 0);
  }

  private GenerationRequest request(int seed, int promptTokens, int maxTokens, String salt) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 1 + (i * 13 + seed * 7) % 100;
    }
    SamplingSpec sampling =
        new SamplingSpec(0.8f, 40, 0.95f, 0.05f, 0.1f, 0.1f, 1.1f, Map.of(), (long) seed, -1);
    return new GenerationRequest(
        "r" + ids++,
        TokenIds.of(prompt),
        sampling,
        maxTokens,
        List.of(),
        true,
        seed % 2 == 0 ? Lane.INTERACTIVE : Lane.BULK,
        seed % 3,
        0,
        Long.MAX_VALUE,
        salt,
        true);
  }

  private static void assertNothingLeft(Engine engine) {
    assertThat(engine.signal().running()).isZero();
    assertThat(engine.signal().waiting()).isZero();
    assertThat(engine.signal().pendingPrefillTokens()).isZero();
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(engine.signal().kvBlocksTotal());
  }

  @Test
  void givesTheSameAnswersWhateverRunsBesideThem() {
    Engine roomy = open("roomy", 1000, runner());
    List<List<Integer>> alone = new ArrayList<>();
    for (int seed = 0; seed < 12; seed++) {
      GenerationRequest request = request(seed, 30 + 5 * seed, 40, "s" + seed);
      alone.add(TestingSubscriber.to(roomy.submit(request)).await().tokens());
    }
    // 12 sequences of up to 8 blocks each in 20 blocks: preempted and computed anew, over and over.
    Engine tight = open("tight", 20, runner());
    List<TestingSubscriber> together = new ArrayList<>();
    for (int seed = 0; seed < 12; seed++) {
      together.add(
          TestingSubscriber.to(tight.submit(request(seed, 30 + 5 * seed, 40, "s" + seed))));
    }
    for (int seed = 0; seed < 12; seed++) {
      assertThat(together.get(seed).await().tokens()).isEqualTo(alone.get(seed));
    }
    assertThat(tight.counters().preemptions()).isPositive();
    assertThat(tight.counters().generatedTokens()).isEqualTo(12 * 40);
    assertNothingLeft(tight);
  }

  @Test
  void sharesPrefixesWithinASaltOnly() {
    Engine engine = open("e", 100, runner());
    Finished first = TestingSubscriber.to(engine.submit(request(1, 50, 3, "a"))).finished();
    TestingSubscriber again = TestingSubscriber.to(engine.submit(request(1, 50, 3, "a")));
    Finished foreign = TestingSubscriber.to(engine.submit(request(1, 50, 3, "b"))).finished();
    assertThat(first.tokens().cached()).isZero();
    assertThat(again.finished().tokens().cached()).isEqualTo(48);
    assertThat(foreign.tokens().cached()).isZero();
    assertThat(engine.counters().prefixQueryTokens()).isEqualTo(150);
    assertThat(engine.counters().prefixHitTokens()).isEqualTo(48);
  }

  @Test
  void reportsEachStep() {
    Engine engine = open("e", 100, runner());
    TestingSubscriber.to(engine.submit(request(1, 40, 3, "a"))).finished();
    List<StepRecord> steps = sink.steps();
    assertThat(steps).extracting(StepRecord::prefillTokens).containsExactly(32, 8, 0, 0);
    assertThat(steps).extracting(StepRecord::decodeSequences).containsExactly(0, 0, 1, 1);
    assertThat(steps).extracting(StepRecord::contextTokens).containsExactly(0L, 0L, 41L, 42L);
    assertThat(steps.get(1).prefillContext()).isEqualTo(8 * (32 + 4.0));
    assertThat(steps).allMatch(step -> step.nanos() > 0 && step.engine().equals("pool/e"));
  }

  @Test
  void runsTheStepsOfItsEnginesInTurnsAndTellsThemOfEachOther() {
    Engine a = open("a", 100, new TestingModelRunner(32, 200_000));
    Engine b = open("b", 100, new TestingModelRunner(32, 200_000));
    TestingSubscriber onA = TestingSubscriber.to(a.submit(request(2, 20, 60, "s")));
    TestingSubscriber onB = TestingSubscriber.to(b.submit(request(2, 20, 60, "s")));
    onA.finished();
    onB.finished();
    List<StepRecord> steps = sink.steps();
    for (int i = 1; i < steps.size(); i++) {
      long start = steps.get(i).endedNanos() - steps.get(i).nanos();
      assertThat(start).isGreaterThanOrEqualTo(steps.get(i - 1).endedNanos());
    }
    assertThat(steps).anyMatch(s -> s.engine().equals("pool/a") && s.otherStepsNanos() > 0);
    assertThat(steps).anyMatch(s -> s.engine().equals("pool/b") && s.otherStepsNanos() > 0);
    assertThat(device.signal().busyShare()).isBetween(0.0, 1.0).isPositive();
    assertNothingLeft(a);
    assertNothingLeft(b);
  }

  @Test
  void aStepThatThrowsFailsItsOwnSequencesAndTheEngineServesOn() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    List<Integer> expected =
        TestingSubscriber.to(engine.submit(request(1, 40, 30, "s"))).await().tokens();
    runner.failAt(5);
    TestingSubscriber fails = TestingSubscriber.to(engine.submit(request(3, 20, 50, "s")));
    assertThat(fails.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(fails.failed().message()).contains("step failed");
    assertThat(engine.signal().state()).isEqualTo(State.READY);
    assertNothingLeft(engine);
    // Nor is anything broken kept: the prefix is found, and goes on as before.
    TestingSubscriber after = TestingSubscriber.to(engine.submit(request(1, 40, 30, "s")));
    assertThat(after.finished().tokens().cached()).isPositive();
    assertThat(after.tokens()).isEqualTo(expected);
  }

  @Test
  void whoWaitsOrRestsWhileAStepThrowsLosesNothing() {
    TestingModelRunner runner = runner();
    EngineSpec one = new EngineSpec("p/e", "p", "e", "f", Set.of(), 1, 4096, 100, 32, 8, 0);
    Engine engine = device.open(one, runner, new TestingPromptEncoder());
    awaitState(engine, State.READY);
    Semaphore gate = runner.gate();
    runner.failAt(2);
    TestingSubscriber first = TestingSubscriber.to(engine.submit(request(2, 20, 50, "s")));
    TestingSubscriber waits = TestingSubscriber.to(engine.submit(request(4, 20, 10, "s")));
    gate.release(1000);
    assertThat(first.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(waits.finished().tokens().generated()).isEqualTo(10);
  }

  @Test
  void aRunnerThatKeepsThrowingFailsItsEngineAndNoOther() {
    TestingModelRunner broken = runner();
    Engine bad = open("bad", 100, broken);
    Engine good = open("good", 100, runner());
    broken.failAfter(3);
    TestingSubscriber runs = TestingSubscriber.to(good.submit(request(1, 20, 50, "s")));
    for (int i = 0; i < 3; i++) {
      TestingSubscriber fails = TestingSubscriber.to(bad.submit(request(1, 20, 50, "s")));
      assertThat(fails.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    }
    assertThat(runs.finished().tokens().generated()).isEqualTo(50);
    assertThat(bad.signal().state()).isEqualTo(State.FAILED);
    assertThat(TestingSubscriber.to(bad.submit(request(1, 20, 5, "s"))).failed().code())
        .isEqualTo(FailureCode.ENGINE_FAILED);
    assertNothingLeft(bad);
    bad.close();
    assertThat(broken.isClosed()).isTrue();
  }

  @Test
  void aLostDeviceFailsItsEngineAtOnce() {
    TestingModelRunner lost = runner();
    Engine bad = open("bad", 100, lost);
    lost.loseAfter(3);
    TestingSubscriber first = TestingSubscriber.to(bad.submit(request(1, 20, 50, "s")));
    assertThat(first.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(first.failed().message()).isEqualTo("the device was lost");
    assertThat(bad.signal().state()).isEqualTo(State.FAILED);
    assertNothingLeft(bad);
  }

  @Test
  void aRunnerWithoutMemoryFailsItsEngine() {
    TestingModelRunner runner =
        new TestingModelRunner(32, 0) {
          @Override
          public void allocateBlocks(int blocks) {
            throw new OutOfMemoryError("no room for blocks");
          }
        };
    EngineSpec spec = new EngineSpec("p/e", "p", "e", "f", Set.of(), 1, 64, 4, 32, 1, 0);
    Engine engine = device.open(spec, runner, new TestingPromptEncoder());
    awaitState(engine, State.FAILED);
  }

  @Test
  void aStepOfBulkMakesWayForWhoCannotWaitAndComesAgain() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    List<Integer> alone =
        TestingSubscriber.to(engine.submit(request(1, 20, 30, "s"))).await().tokens();
    Semaphore gate = runner.gate();
    int before = runner.steps();
    int recorded = sink.steps().size();
    TestingSubscriber bulk = TestingSubscriber.to(engine.submit(request(1, 20, 30, "t")));
    while (gate.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    TestingSubscriber call = TestingSubscriber.to(engine.submit(request(2, 20, 1, "s")));
    gate.release(2);
    call.finished();
    // The prompt of bulk was begun and left, that of the call computed, in steps of their own.
    assertThat(runner.steps()).isLessThanOrEqualTo(before + 3);
    assertThat(sink.steps().get(recorded).prefillTokens()).isEqualTo(20);
    assertThat(sink.steps().get(recorded).otherStepsNanos()).isPositive();
    gate.release(1000);
    assertThat(bulk.await().tokens()).isEqualTo(alone);
    assertNothingLeft(engine);
  }

  @Test
  void tellsHowMuchOfAPromptIsComputed() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    Semaphore gate = runner.gate();
    GenerationRequest asked = request(1, 200, 5, "s");
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(asked));
    gate.release(2);
    Engine.Prefill told = prefill(engine, asked);
    assertThat(told.of()).isEqualTo(200);
    assertThat(told.done()).isBetween(1, 64);
    assertThat(told.cached()).isZero();
    gate.release(1000);
    answer.finished();
    assertThat(engine.prefills()).isEmpty();
  }

  @Test
  void tellsHowMuchOfAPromptWasCachedWhileTheRestIsComputed() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    TestingSubscriber.to(engine.submit(request(1, 200, 5, "s"))).await();
    Semaphore gate = runner.gate();
    GenerationRequest longer = request(1, 400, 5, "s");
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(longer));
    gate.release(1);
    Engine.Prefill told = prefill(engine, longer);
    assertThat(told.cached()).isEqualTo(192);
    assertThat(told.done()).isBetween(193, 192 + 64);
    gate.release(1000);
    assertThat(answer.finished().tokens().cached()).isEqualTo(192);
    assertNothingLeft(engine);
  }

  /** How far its prompt is, once some of it is computed. */
  private static Engine.Prefill prefill(Engine engine, GenerationRequest asked) {
    long giveUp = System.nanoTime() + 30_000_000_000L;
    Engine.Prefill told = new Engine.Prefill(0, 0, 0);
    while (told.done() == 0 && System.nanoTime() - giveUp < 0) {
      Thread.onSpinWait();
      told = engine.prefills().getOrDefault(asked.id(), told);
    }
    return told;
  }

  @Test
  void cancellingInPrefillStopsBeforeTheNextStep() {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    Semaphore gate = runner.gate();
    int before = runner.steps();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(1, 200, 5, "s")));
    gate.release(2);
    while (runner.steps() < before + 2) {
      Thread.onSpinWait();
    }
    answer.cancel();
    gate.release(100);
    while (engine.signal().running() + engine.signal().waiting() > 0) {
      Thread.onSpinWait();
    }
    // The step that was waiting at the gate, no more.
    assertThat(runner.steps()).isLessThanOrEqualTo(before + 3);
    assertNothingLeft(engine);
  }

  @Test
  void aHangingStepShowsAsAnOldSignal() throws InterruptedException {
    TestingModelRunner runner = runner();
    Engine engine = open("e", 100, runner);
    Semaphore gate = runner.gate();
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request(1, 20, 2, "s")));
    Thread.sleep(50);
    long age = System.nanoTime() - engine.signal().heardNanos();
    assertThat(age).isGreaterThan(20_000_000);
    assertThat(System.nanoTime() - engine.signal().takenNanos())
        .as("its requests are counted as they come")
        .isLessThan(age);
    gate.release(100);
    answer.finished();
    assertThat(System.nanoTime() - engine.signal().heardNanos()).isLessThan(age + 1_000_000_000);
  }

  @Test
  void closingTheDeviceFailsWhatRunsAndClosesTheRunners() {
    TestingModelRunner runner = new TestingModelRunner(32, 1_000_000);
    Engine engine = open("e", 100, runner);
    TestingSubscriber running = TestingSubscriber.to(engine.submit(request(1, 20, 1000, "s")));
    running.awaitEvents(1);
    device.close();
    assertThat(running.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
    assertThat(runner.isClosed()).isTrue();
    assertThat(TestingSubscriber.to(engine.submit(request(1, 20, 5, "s"))).failed().code())
        .isEqualTo(FailureCode.ENGINE_FAILED);
    engine.close();
  }

  @Test
  void anEndOfGenerationTokenEndsTheAnswerAndIsNotPartOfIt() {
    Engine engine = open("e", 100, runner());
    SamplingSpec onlyEnd = new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(0, 100f), null, -1);
    GenerationRequest request =
        new GenerationRequest(
            "end",
            TokenIds.of(5, 6),
            onlyEnd,
            10,
            List.of(),
            false,
            Lane.INTERACTIVE,
            0,
            0,
            Long.MAX_VALUE,
            "",
            true);
    TestingSubscriber answer = TestingSubscriber.to(engine.submit(request));
    assertThat(answer.finished().tokens().generated()).isZero();
    assertThat(answer.text()).isEmpty();
  }
}
