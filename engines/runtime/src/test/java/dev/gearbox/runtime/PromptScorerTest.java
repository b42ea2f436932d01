package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.sample.Logprobs;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PromptScorerTest {
  private static TokenIds tokens(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = 1 + i * 37 % 120;
    }
    return TokenIds.of(tokens);
  }

  private static Map<Integer, Double> score(
      int maxStepTokens, int window, OptionalInt bos, int count) {
    Map<Integer, Double> scores = new LinkedHashMap<>();
    TestingModelRunner runner = new TestingModelRunner(maxStepTokens, 0);
    new PromptScorer(runner, window, bos).score(tokens(count), scores::put);
    return scores;
  }

  /** The same by one step per token. */
  private static double expected(int window, OptionalInt bos, int index, int position) {
    TestingModelRunner runner = new TestingModelRunner(64, 0);
    runner.allocateBlocks(8);
    StepBatch batch = new StepBatch();
    batch.beginSequence(0, new int[] {7, 3, 5, 1});
    TokenIds all = tokens((index + 1) * window);
    for (int i = 0; i < position; i++) {
      int token = i == 0 && bos.isPresent() ? bos.getAsInt() : all.get(index * window + i);
      batch.addToken(token, i == position - 1);
    }
    float[] logits = new float[TestingModelRunner.VOCABULARY];
    runner.step(batch, logits);
    double norm = Logprobs.logSumExp(logits, 0, logits.length);
    return logits[all.get(index * window + position)] - norm;
  }

  @Test
  void scoresTheSecondHalfOfEachWholeWindow() {
    Map<Integer, Double> scores = score(64, 40, OptionalInt.empty(), 100);
    assertThat(scores).hasSize(38).containsOnlyKeys(concat(range(21, 40), range(61, 80)));
    for (int position = 21; position < 40; position++) {
      assertThat(scores.get(40 + position))
          .isCloseTo(expected(40, OptionalInt.empty(), 1, position), within(1e-9));
    }
  }

  @Test
  void putsBosFirst() {
    OptionalInt bos = OptionalInt.of(99);
    assertThat(score(64, 40, bos, 40).get(21)).isCloseTo(expected(40, bos, 0, 21), within(1e-9));
  }

  @Test
  void givesTheSameInSmallChunks() {
    Map<Integer, Double> whole = score(64, 40, OptionalInt.empty(), 40);
    for (int step : new int[] {1, 7, 16, 20, 21, 39}) {
      assertThat(score(step, 40, OptionalInt.empty(), 40)).isEqualTo(whole);
    }
  }

  private static IntStream range(int from, int to) {
    return IntStream.range(from, to);
  }

  private static Integer[] concat(IntStream first, IntStream second) {
    return IntStream.concat(first, second).boxed().toArray(Integer[]::new);
  }

  @Test
  void refusesWindowsThatCannotBe() {
    TestingModelRunner runner = new TestingModelRunner(64, 0);
    assertThatThrownBy(() -> new PromptScorer(runner, 3, OptionalInt.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PromptScorer(runner, 1 << 20, OptionalInt.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
