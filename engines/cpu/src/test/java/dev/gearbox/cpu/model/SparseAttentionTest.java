package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SparseAttentionTest {
  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final int LENGTH = 170;
  private static final int[] TOKENS = new Random(8).ints(LENGTH, 0, TinyModel.VOCABULARY).toArray();
  private static final int[] TABLE = {3, 1, 14, 0, 9, 2, 15, 5, 4, 12, 6, 8, 7, 11, 10, 13};

  @TempDir Path folder;

  @AfterAll
  static void close() {
    WORKERS.close();
  }

  @ParameterizedTest
  @EnumSource
  void windowWithSinksIsThatOfTheReference(Architecture architecture) throws IOException {
    assertReference(architecture, new AttentionSpec.Window(4, 20));
    assertReference(architecture, new AttentionSpec.Window(0, 100));
    assertReference(architecture, new AttentionSpec.Window(150, 16));
  }

  @ParameterizedTest
  @EnumSource
  void chosenBlocksAreThoseOfTheReference(Architecture architecture) throws IOException {
    assertReference(architecture, new AttentionSpec.TopBlocks(8));
    assertReference(architecture, new AttentionSpec.TopBlocks(10));
  }

  @ParameterizedTest
  @ValueSource(strings = {"window:256,sinks:4", "top-blocks:11"})
  void whatLeavesNothingOutIsFullAttention(String spec) throws IOException {
    TinyModel tiny = new TinyModel(Architecture.QWEN2, 4);
    float[] full;
    try (ModelRunner model = load(tiny, new AttentionSpec.Full())) {
      full = run(model, 64);
    }
    try (ModelRunner model = load(tiny, AttentionSpec.parse(spec))) {
      assertThat(run(model, 64)).isEqualTo(full);
    }
  }

  @Test
  void nthLargestIsThatOfSorting() {
    Random random = new Random(1);
    for (int count = 1; count < 60; count++) {
      float[] x = new float[count + 2];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextInt(count);
      }
      float[] sorted = Arrays.copyOf(x, count);
      Arrays.sort(sorted);
      int n = 1 + random.nextInt(count);
      assertThat(BlockChooser.nthLargest(x, count, n)).isEqualTo(sorted[count - n]);
    }
  }

  @Test
  void specsAreReadAsTheyAreWritten() {
    for (String text : new String[] {"full", "window:64,sinks:0", "top-blocks:8"}) {
      assertThat(AttentionSpec.parse(text)).hasToString(text);
    }
    assertThat(AttentionSpec.parse("window")).hasToString("window:1024,sinks:4");
    assertThat(AttentionSpec.parse("top-blocks")).hasToString("top-blocks:64");
    for (String text :
        new String[] {"", "wide", "window:x", "sinks:4", "full:1", "window,window"}) {
      assertThatThrownBy(() -> AttentionSpec.parse(text)).hasMessageContaining("'" + text + "'");
    }
    assertThatThrownBy(() -> AttentionSpec.parse("top-blocks:2"))
        .hasMessageContaining("must be 8 to");
  }

  private void assertReference(Architecture architecture, AttentionSpec spec) throws IOException {
    TinyModel tiny = new TinyModel(architecture, 4);
    double[][] expected = new ReferenceTransformer(tiny, spec).run(TOKENS);
    try (ModelRunner model = load(tiny, spec)) {
      for (int chunk : new int[] {LENGTH, 23, 1}) {
        float[] found = run(model, chunk);
        for (int token = 0; token < LENGTH; token++) {
          assertThat(distance(expected[token], found, token))
              .as("%s in chunks of %d, token %d", spec, chunk, token)
              .isLessThan(2e-3);
        }
      }
    }
  }

  /** The largest difference, over the largest number expected. */
  private static double distance(double[] expected, float[] found, int token) {
    double most = 0;
    double distance = 0;
    for (int i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs(expected[i]));
      double difference = found[token * TinyModel.VOCABULARY + i] - expected[i];
      distance = Math.max(distance, Math.abs(difference));
    }
    return distance / most;
  }

  private ModelRunner load(TinyModel tiny, AttentionSpec spec) throws IOException {
    try (GgufFile file = GgufFile.open(tiny.write(folder))) {
      ModelRunner model = CpuModel.load(file, WORKERS, new CpuOptions(KvType.F32, spec));
      model.allocateBlocks(TABLE.length);
      return model;
    }
  }

  /** Logits of every token, computed {@code chunk} tokens at a time. */
  private static float[] run(ModelRunner model, int chunk) {
    float[] all = new float[LENGTH * TinyModel.VOCABULARY];
    StepBatch batch = new StepBatch();
    for (int from = 0; from < LENGTH; from += chunk) {
      int to = Math.min(LENGTH, from + chunk);
      batch.clear();
      batch.beginSequence(from, TABLE);
      for (int i = from; i < to; i++) {
        batch.addToken(TOKENS[i], true);
      }
      float[] logits = new float[(to - from) * TinyModel.VOCABULARY];
      model.step(batch, logits);
      System.arraycopy(logits, 0, all, from * TinyModel.VOCABULARY, logits.length);
    }
    return all;
  }
}
