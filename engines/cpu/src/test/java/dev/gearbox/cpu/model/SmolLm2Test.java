package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Real weights against what llama.cpp (build of November 2026, greedy) answered. The continuations
 * asked for exactly are those where its best token led by more than half a nat at every step;
 * nearer ones turn on the rounding of activations, in llama.cpp itself too when its attention
 * changes.
 */
@Tag("weights")
class SmolLm2Test {

  // "import java.util.List;\n\npublic class Main {"
  private static final int[] CODE = {
    2017, 35445, 30, 13695, 30, 6106, 43, 198, 198, 11903, 1128, 6586, 1662
  };
  private static final int[] AFTER_CODE = {
    472, 1360, 11690, 20554, 1085, 24, 10492, 75, 77, 5291, 25, 1662, 448, 5516, 44, 10492
  };

  // "Q: What is 12 times 12?\nA:"
  private static final int[] SUM = {
    65, 42, 1812, 314, 216, 33, 34, 1711, 216, 33, 34, 47, 198, 49, 42
  };
  private static final int[] AFTER_SUM = {
    216, 33, 34, 1672, 216, 33, 34, 446, 216, 33, 34, 32, 198, 50, 42, 216
  };

  // "He opened the door and saw"
  private static final int[] STORY = {3681, 6572, 260, 6644, 284, 3680};
  private static final int[] AFTER_STORY = {
    253, 1805, 4166, 28, 253, 4166, 351, 253, 986, 2537, 4416, 28, 284, 253, 3953, 13536
  };

  private static final int[] TABLE = {3, 0, 2, 1};
  private static final CpuWorkers WORKERS = CpuWorkers.ofAllProcessors();
  private static ModelRunner model;

  @BeforeAll
  static void load() throws IOException {
    try (GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      model = CpuModel.load(file, WORKERS);
    }
    model.allocateBlocks(TABLE.length);
  }

  @AfterAll
  static void close() {
    model.close();
    WORKERS.close();
  }

  @Test
  void greedyContinuationsAreThoseOfLlamaCpp() {
    assertThat(greedy(CODE, AFTER_CODE.length)).isEqualTo(AFTER_CODE);
    assertThat(greedy(SUM, AFTER_SUM.length)).isEqualTo(AFTER_SUM);
  }

  @Test
  void tokensOfLlamaCppAreNearTheBestWhereItWasUnsure() {
    float[] logits = step(0, STORY);
    for (int i = 0; i < AFTER_STORY.length; i++) {
      assertThat(logits[AFTER_STORY[i]]).isGreaterThan(logits[best(logits)] - 0.5f);
      logits = step(STORY.length + i, AFTER_STORY[i]);
    }
  }

  @Test
  void prefillByTilesAgreesWithDecodingByDots() {
    float[] whole = step(0, CODE);
    float[] single = new float[0];
    for (int i = 0; i < CODE.length; i++) {
      single = step(i, CODE[i]);
    }
    double squares = 0;
    double difference = 0;
    for (int i = 0; i < whole.length; i++) {
      squares += whole[i] * whole[i];
      difference += (whole[i] - single[i]) * (whole[i] - single[i]);
    }
    assertThat(Math.sqrt(difference / squares)).isLessThan(0.03);
  }

  private static int[] greedy(int[] prompt, int count) {
    int[] tokens = new int[count];
    float[] logits = step(0, prompt);
    for (int i = 0; i < count; i++) {
      tokens[i] = best(logits);
      logits = step(prompt.length + i, tokens[i]);
    }
    return tokens;
  }

  private static float[] step(int context, int... tokens) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(context, TABLE);
    for (int i = 0; i < tokens.length; i++) {
      batch.addToken(tokens[i], i == tokens.length - 1);
    }
    float[] logits = new float[model.vocabulary()];
    model.step(batch, logits);
    return logits;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
