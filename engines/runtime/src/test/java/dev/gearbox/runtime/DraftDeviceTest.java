package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A draft that is the same model is always right where the answer is greedy, unless its keys and
 * values are not those of the sequence: so it tells whether they are.
 */
final class DraftDeviceTest {
  private static final SamplingSpec SEEDED =
      new SamplingSpec(1.1f, 50, 0.95f, 0, 0, 0, 1, Map.of(), 5L, 2);

  private final AtomicLong now = new AtomicLong();
  private final Device device = new Device("dev", now::get, new RecordingSink());
  private int ids;

  @AfterEach
  void close() {
    device.close();
  }

  /** A model whose steps take {@code nanos} of the test's own time. */
  private TestingModelRunner taking(long nanos) {
    return new TestingModelRunner(32, 0) {
      @Override
      public void step(StepBatch batch, float[] logits) {
        super.step(batch, logits);
        now.addAndGet(nanos);
      }
    };
  }

  private TestingModelRunner slow() {
    return taking(400_000);
  }

  private TestingModelRunner quick() {
    return taking(20_000);
  }

  private Engine open(int kvBlocks, TestingModelRunner runner, TestingModelRunner... draft) {
    EngineSpec spec =
        new EngineSpec("p/e" + ids++, "p", "e", "f", Set.of(), 8, 4096, kvBlocks, 32, 64, 0);
    DraftSpec drafts = draft.length == 0 ? null : new DraftSpec("small", draft[0], 4);
    Engine engine = device.open(spec, runner, drafts, new TestingPromptEncoder());
    while (engine.signal().state() != State.READY) {
      Thread.onSpinWait();
    }
    return engine;
  }

  private GenerationRequest request(int number, SamplingSpec sampling, String salt, int tokens) {
    int[] prompt = new int[20 + 11 * number];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = 1 + (i * 13 + number * 7 + i * i % 11) % 100;
    }
    return new GenerationRequest(
        "r" + ids++,
        TokenIds.of(prompt),
        sampling,
        tokens,
        List.of(),
        true,
        Lane.INTERACTIVE,
        number % 2,
        0,
        Long.MAX_VALUE,
        salt,
        true);
  }

  private List<List<Integer>> answers(Engine engine, SamplingSpec sampling) {
    return answers(engine, sampling, 50);
  }

  private List<List<Integer>> answers(Engine engine, SamplingSpec sampling, int tokens) {
    List<TestingSubscriber> answers = new ArrayList<>();
    for (int number = 0; number < 8; number++) {
      GenerationRequest request = request(number, sampling, "salt" + number, tokens);
      answers.add(TestingSubscriber.to(engine.submit(request)));
    }
    return answers.stream().map(answer -> answer.await().tokens()).toList();
  }

  @Test
  void guessesOfTheSameModelAreAllRight() {
    List<List<Integer>> plain = answers(open(1000, slow()), SamplingSpec.GREEDY);
    Engine engine = open(1000, slow(), quick());
    assertThat(answers(engine, SamplingSpec.GREEDY)).isEqualTo(plain);
    assertThat(engine.counters().draftTokens()).isGreaterThan(100);
    assertThat(engine.counters().acceptedTokens()).isEqualTo(engine.counters().draftTokens());
  }

  @Test
  void guessesAreRightAfterPreemption() {
    List<List<Integer>> plain = answers(open(1000, slow()), SamplingSpec.GREEDY);
    Engine engine = open(30, slow(), quick());
    for (int round = 0; round < 3; round++) {
      assertThat(answers(engine, SamplingSpec.GREEDY)).isEqualTo(plain);
    }
    assertThat(engine.counters().preemptions()).isPositive();
    assertThat(engine.counters().draftTokens()).isGreaterThan(100);
    assertThat(engine.counters().acceptedTokens()).isEqualTo(engine.counters().draftTokens());
    assertThat(engine.signal().kvBlocksFree()).isEqualTo(engine.signal().kvBlocksTotal());
  }

  @Test
  void aSharedPrefixIsNotComputedAgainByTheDraft() {
    TestingModelRunner draft = quick();
    Engine engine = open(1000, slow(), draft);
    TestingSubscriber.to(engine.submit(request(12, SamplingSpec.GREEDY, "s", 50))).finished();
    int before = draft.tokens();
    TestingSubscriber.to(engine.submit(request(12, SamplingSpec.GREEDY, "s", 50))).finished();
    // A prompt of 152 tokens, of which 9 blocks are known; and 50 tokens of answer.
    assertThat(draft.tokens() - before).isLessThan(80);
    assertThat(engine.counters().prefixHitTokens()).isPositive();
    assertThat(engine.counters().acceptedTokens()).isEqualTo(engine.counters().draftTokens());
  }

  @Test
  void sampledAnswersAreThoseOfTheirSeed() {
    List<List<Integer>> plain = answers(open(1000, slow()), SEEDED);
    Engine engine = open(1000, slow(), quick());
    assertThat(answers(engine, SEEDED)).isEqualTo(plain);
    assertThat(engine.counters().draftTokens()).isPositive();
  }

  @Test
  void aDraftThatIsNeverRightIsSoonAskedNoMore() {
    List<List<Integer>> plain = answers(open(1000, slow()), SamplingSpec.GREEDY, 200);
    TestingModelRunner wrong =
        new TestingModelRunner(32, 0) {
          @Override
          public void step(StepBatch batch, float[] logits) {
            super.step(batch, logits);
            now.addAndGet(20_000);
            for (int row = 0; row < batch.logitRows(); row++) {
              logits[row * VOCABULARY] = 100;
            }
          }
        };
    Engine engine = open(1000, slow(), wrong);
    assertThat(answers(engine, SamplingSpec.GREEDY, 200)).isEqualTo(plain);
    // Of 199 steps of each answer: 14 before the first rest, and after rests of 16, 32, 64 as many.
    assertThat(engine.counters().drafts()).isLessThan(8 * 4 * 15);
  }

  @Test
  void aDraftThatThrowsHurtsNoAnswer() {
    List<List<Integer>> plain = answers(open(1000, slow()), SamplingSpec.GREEDY);
    TestingModelRunner draft = quick();
    Engine engine = open(1000, slow(), draft);
    draft.failAfter(12);
    assertThat(answers(engine, SamplingSpec.GREEDY)).isEqualTo(plain);
    assertThat(engine.signal().state()).isEqualTo(State.READY);
    int steps = draft.steps();
    assertThat(answers(engine, SamplingSpec.GREEDY)).isEqualTo(plain);
    assertThat(draft.steps()).isEqualTo(steps);
  }

  @Test
  void closesTheDraftWithTheEngine() {
    TestingModelRunner draft = quick();
    open(100, slow(), draft).close();
    assertThat(draft.isClosed()).isTrue();
  }

  @Test
  void refusesADraftWithAnotherVocabulary() {
    TestingModelRunner other =
        new TestingModelRunner(32, 0) {
          @Override
          public int vocabulary() {
            return 99;
          }
        };
    assertThatThrownBy(() -> open(100, slow(), other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("small has a vocabulary of 99 tokens and e of 128: it cannot guess for it");
  }
}
