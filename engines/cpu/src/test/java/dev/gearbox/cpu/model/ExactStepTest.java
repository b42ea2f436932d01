package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A step of as many tokens as {@link ModelRunner#exactStepTokens} allows gives each the bits that
 * it gets alone, whether they belong to one sequence or to several.
 */
class ExactStepTest {
  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final int PREFIX = 117;
  private static final int LENGTH = 137;
  private static final int[][] TABLES = new int[2][LENGTH / ModelRunner.BLOCK_TOKENS + 1];

  static {
    for (int i = 0; i < TABLES[0].length; i++) {
      TABLES[0][i] = 2 * i;
      TABLES[1][i] = 2 * i + 1;
    }
  }

  private static final List<CpuOptions> OPTIONS =
      Stream.of("full", "window:32,sinks:4", "top-blocks:8")
          .map(AttentionSpec::parse)
          .flatMap(spec -> Stream.of(KvType.values()).map(type -> new CpuOptions(type, spec)))
          .toList();

  /** Each kind of attention and each type of keys and values once. */
  private static final List<CpuOptions> SOME =
      IntStream.range(0, OPTIONS.size())
          .filter(i -> i % KvType.values().length == i / KvType.values().length)
          .mapToObj(OPTIONS::get)
          .toList();

  @AfterAll
  static void close() {
    WORKERS.close();
  }

  @ParameterizedTest
  @EnumSource
  void smallModel(Architecture architecture, @TempDir Path folder) throws IOException {
    Path path = new TinyModel(architecture, 21).write(folder);
    for (CpuOptions options : OPTIONS) {
      assertExact(path, options);
    }
  }

  @Test
  @Tag("weights")
  void smolLm2() throws IOException {
    for (CpuOptions options : SOME) {
      assertExact(TestingWeights.smolLm2(), options);
    }
  }

  private static void assertExact(Path path, CpuOptions options) throws IOException {
    try (GgufFile file = GgufFile.open(path);
        ModelRunner model = CpuModel.load(file, WORKERS, options)) {
      model.allocateBlocks(2 * TABLES[0].length);
      int[] tokens = new Random(3).ints(LENGTH, 0, Math.min(model.vocabulary(), 1000)).toArray();
      step(model, tokens, 0, PREFIX, 0);
      step(model, tokens, 0, PREFIX, 1);
      float[][] alone = new float[LENGTH][];
      for (int i = PREFIX; i < LENGTH; i++) {
        alone[i] = step(model, tokens, i, i + 1, 0);
      }
      int most = Math.min(model.exactStepTokens(), 16);
      for (int i = PREFIX; i + most <= LENGTH; i++) {
        float[] together = step(model, tokens, i, i + most, 0);
        for (int row = 0; row < most; row++) {
          assertThat(row(model, together, row)).isEqualTo(alone[i + row]);
        }
      }
      for (int i = PREFIX; most > 1 && i + most - 1 <= LENGTH; i++) {
        // One of another sequence beside them, which rewrites what it had.
        float[] mixed = step(model, tokens, i, i + most - 1, 0, 1);
        assertThat(row(model, mixed, 0)).isEqualTo(alone[i]);
        assertThat(row(model, mixed, most - 1)).isEqualTo(alone[i]);
      }
    }
  }

  /** Logits of tokens {@code from} to {@code to} of a sequence, and of the first of others. */
  private static float[] step(
      ModelRunner model, int[] tokens, int from, int to, int sequence, int... others) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(from, TABLES[sequence]);
    for (int i = from; i < to; i++) {
      batch.addToken(tokens[i], true);
    }
    for (int other : others) {
      batch.beginSequence(from, TABLES[other]);
      batch.addToken(tokens[from], true);
    }
    float[] logits = new float[batch.logitRows() * model.vocabulary()];
    model.step(batch, logits);
    return logits;
  }

  private static float[] row(ModelRunner model, float[] logits, int row) {
    int vocabulary = model.vocabulary();
    return Arrays.copyOfRange(logits, row * vocabulary, (row + 1) * vocabulary);
  }
}
