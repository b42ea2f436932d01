package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.TestingWeights;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import dev.gearbox.runtime.sample.Sampler;
import java.io.IOException;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Real weights against the CPU engine, which rounds activations to 8 bits where this one does not:
 * logits lie near each other, and greedy answers are the same where one token leads clearly.
 */
@Tag("weights")
class OpenClSmolLm2Test {
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

  private static final int[] TABLE = {3, 0, 2, 1};
  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final OpenClContext CONTEXT = TestingOpenCl.open(OpenClContext.defaultCache());
  private static ModelRunner cpu;
  private static ModelRunner opencl;

  @BeforeAll
  static void load() throws IOException {
    try (GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      cpu = CpuModel.load(file, WORKERS);
      opencl = OpenClModel.load(file, CONTEXT, KvPrecision.F16);
    }
    cpu.allocateBlocks(TABLE.length);
    opencl.allocateBlocks(TABLE.length);
  }

  @AfterAll
  static void close() {
    cpu.close();
    opencl.close();
    CONTEXT.close();
    WORKERS.close();
  }

  @Test
  void logitsLieWithinTheRoundingOfTheCpuEngine() {
    for (int[] prompt : new int[][] {CODE, SUM}) {
      float[] expected = logits(cpu, prompt);
      float[] found = logits(opencl, prompt);
      double squares = 0;
      double difference = 0;
      for (int i = 0; i < expected.length; i++) {
        squares += (double) expected[i] * expected[i];
        difference += Math.pow((double) found[i] - expected[i], 2);
      }
      assertThat(Math.sqrt(difference / squares)).isLessThan(0.05);
    }
  }

  @Test
  void greedyContinuationsAreThoseOfTheCpuEngine() {
    assertThat(greedy(CODE, AFTER_CODE.length)).isEqualTo(AFTER_CODE);
    assertThat(greedy(SUM, AFTER_SUM.length)).isEqualTo(AFTER_SUM);
  }

  @Test
  void prefillAgreesWithDecoding() {
    float[] whole = logits(opencl, CODE);
    float[] last = new float[0];
    for (int i = 0; i < CODE.length; i++) {
      last = step(opencl, i, CODE[i]);
    }
    int vocabulary = opencl.vocabulary();
    float[] ofLast = Arrays.copyOfRange(whole, whole.length - vocabulary, whole.length);
    for (int i = 0; i < vocabulary; i++) {
      assertThat(last[i]).isCloseTo(ofLast[i], Offset.offset(1e-2f));
    }
  }

  private static int[] greedy(int[] prompt, int count) {
    int[] tokens = new int[count];
    float[] logits = step(opencl, 0, prompt);
    for (int i = 0; i < count; i++) {
      tokens[i] = Sampler.argmax(logits, 0, logits.length);
      logits = step(opencl, prompt.length + i, tokens[i]);
    }
    return tokens;
  }

  /** Logits of every token. */
  private static float[] logits(ModelRunner model, int[] tokens) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(0, TABLE);
    for (int token : tokens) {
      batch.addToken(token, true);
    }
    float[] logits = new float[tokens.length * model.vocabulary()];
    model.step(batch, logits);
    return logits;
  }

  private static float[] step(ModelRunner model, int context, int... tokens) {
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
}
