package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.model.TinyModel;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import dev.gearbox.runtime.sample.Likeliest;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.sample.SamplingBuffers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps of small models against those of the CPU engine. */
class OpenClModelTest {
  private static final int[] TOKENS = new Random(5).ints(50, 0, TinyModel.VOCABULARY).toArray();
  // Blocks in no order, so that positions and blocks cannot be mistaken for each other.
  private static final int[] TABLE = {6, 2, 5, 0};

  @TempDir static Path cache;
  @TempDir Path folder;

  private final OpenClContext context = TestingOpenCl.open(cache);

  @AfterEach
  void close() {
    assertThat(context.used()).as("bytes that closed models left on the device").isZero();
    context.close();
  }

  @ParameterizedTest
  @EnumSource
  void logitsAreThoseOfTheCpuEngine(Architecture architecture) throws IOException {
    Path file = new TinyModel(architecture, 11).write(folder);
    float[] expected = onCpu(file);
    for (Tiling tiling : TestingOpenCl.TILINGS) {
      try (OpenClContext each = OpenClContext.open(context.device(), tiling, cache);
          ModelRunner model = load(file, each, KvPrecision.F32)) {
        assertClose(expected, prefill(model, TOKENS.length), 1e-5);
        assertClose(expected, prefill(model, 16), 1e-5);
        assertClose(expected, prefill(model, 7), 1e-5);
        assertClose(expected, prefill(model, 1), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void halvesOfKeysAndValuesStayNear(Architecture architecture) throws IOException {
    Path file = new TinyModel(architecture, 11).write(folder);
    float[] expected = onCpu(file);
    try (ModelRunner model = load(file, context, KvPrecision.F16)) {
      assertClose(expected, prefill(model, TOKENS.length), 0.01);
    }
  }

  @Test
  void halvesTakeHalfTheMemory() throws IOException {
    Path file = new TinyModel(Architecture.LLAMA, 11).write(folder);
    long elements = 2L * 16 * TinyModel.LAYERS * TinyModel.KV_HEADS * TinyModel.HEAD;
    try (ModelRunner floats = load(file, context, KvPrecision.F32);
        ModelRunner halves = load(file, context, KvPrecision.F16)) {
      assertThat(floats.bytesPerBlock()).isEqualTo(4 * elements);
      assertThat(halves.bytesPerBlock()).isEqualTo(2 * elements);
    }
  }

  @ParameterizedTest
  @EnumSource
  void sequenceIsTheSameInAnyCompany(Architecture architecture) throws IOException {
    Path file = new TinyModel(architecture, 13).write(folder);
    try (ModelRunner model = load(file, context, KvPrecision.F16)) {
      float[] alone = prefill(model, 1);
      prefill(model, 19, 19);
      StepBatch batch = new StepBatch();
      batch.clear();
      batch.beginSequence(0, new int[] {1});
      for (int i = 0; i < 9; i++) {
        batch.addToken(TOKENS[i + 20], i == 3);
      }
      batch.beginSequence(19, TABLE);
      batch.addToken(TOKENS[19], true);
      batch.beginSequence(0, new int[] {3});
      batch.addToken(TOKENS[0], true);
      float[] logits = new float[3 * TinyModel.VOCABULARY];
      model.step(batch, logits);
      assertClose(row(alone, 19), row(logits, 1), 1e-5);
      assertClose(row(alone, 0), row(logits, 2), 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void smallStepsAreTheSameBits(Architecture architecture) throws IOException {
    Path file = new TinyModel(architecture, 14).write(folder);
    try (ModelRunner model = load(file, context, KvPrecision.F16)) {
      float[] one = prefill(model, 1);
      assertThat(prefill(model, model.exactStepTokens())).isEqualTo(one);
      assertThat(prefill(model, 2)).isEqualTo(one);
    }
  }

  @ParameterizedTest
  @EnumSource
  void likeliestTokensAreThoseOfTheWholeRows(Architecture architecture) throws IOException {
    Path file = new TinyModel(architecture, 15).write(folder);
    for (Tiling tiling : TestingOpenCl.TILINGS) {
      try (OpenClContext each = OpenClContext.open(context.device(), tiling, cache);
          ModelRunner model = load(file, each, KvPrecision.F16)) {
        float[] whole = prefill(model, TOKENS.length);
        for (int width : new int[] {1, 41, model.maxLikeliest()}) {
          Likeliest few = new Likeliest();
          few.begin(TOKENS.length, width);
          model.step(prompt(), few);
          assertSampledAlike(whole, few, width);
        }
      }
    }
  }

  /** Every way to sample that looks no further than the width gives the same tokens. */
  private static void assertSampledAlike(float[] whole, Likeliest few, int width) {
    int topK = Math.min(width, TinyModel.VOCABULARY) - 1;
    float temperature = width == 1 ? 0 : 1.3f;
    SamplingSpec spec =
        new SamplingSpec(temperature, topK, 0.95f, 0.01f, 0, 0, 1, Map.of(), 7L, -1);
    Sampler ofFew = new Sampler(spec, 0, new int[0], new SamplingBuffers());
    Sampler ofAll = new Sampler(spec, 0, new int[0], new SamplingBuffers());
    assertThat(ofFew.looksAt()).isBetween(1, width);
    for (int row = 0; row < TOKENS.length; row++) {
      int from = row * TinyModel.VOCABULARY;
      assertThat(ofFew.sample(few, row))
          .as("width %d row %d", width, row)
          .isEqualTo(ofAll.sample(whole, from, TinyModel.VOCABULARY));
    }
  }

  private static StepBatch prompt() {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(0, TABLE);
    for (int token : TOKENS) {
      batch.addToken(token, true);
    }
    return batch;
  }

  @Test
  void stepThatAsksForNoLogitsStillKeepsItsTokens() throws IOException {
    Path file = new TinyModel(Architecture.QWEN2, 14).write(folder);
    try (ModelRunner model = load(file, context, KvPrecision.F16)) {
      float[] expected = row(prefill(model, 1), 8);
      StepBatch batch = new StepBatch();
      batch.clear();
      batch.beginSequence(0, new int[] {4});
      for (int i = 0; i < 8; i++) {
        batch.addToken(TOKENS[i], false);
      }
      model.step(batch, new float[0]);
      batch.clear();
      batch.beginSequence(8, new int[] {4});
      batch.addToken(TOKENS[8], true);
      float[] logits = new float[TinyModel.VOCABULARY];
      model.step(batch, logits);
      assertClose(expected, logits, 1e-5);
    }
  }

  @Test
  void badBatchesAreRefusedAndTheNextStepIsServed() throws IOException {
    Path file = new TinyModel(Architecture.LLAMA, 16).write(folder);
    try (ModelRunner model = load(file, context, KvPrecision.F16)) {
      float[] before = prefill(model, 50);
      assertRefused(model, TinyModel.VOCABULARY, 0, TABLE, 101);
      assertRefused(model, -1, 0, TABLE, 101);
      assertRefused(model, 1, 64, TABLE, 101);
      assertRefused(model, 1, 0, new int[] {8}, 101);
      assertRefused(model, 1, 0, TABLE, 100);
      assertThat(prefill(model, 50)).isEqualTo(before);
    }
  }

  @Test
  void moreThanTheDeviceHoldsIsRefusedWithFigures() throws IOException {
    Path path = new TinyModel(Architecture.LLAMA, 16).write(folder);
    try (GgufFile file = GgufFile.open(path);
        ModelRunner model = OpenClModel.load(file, context, KvPrecision.F16)) {
      long used = context.used();
      assertThat(used).isPositive();
      assertThatThrownBy(() -> model.allocateBlocks(Integer.MAX_VALUE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("blocks of keys and values")
          .hasMessageContaining((context.device().memory() >> 20) + " MB of ");
      assertThat(context.used()).isEqualTo(used);
    }
  }

  private static void assertRefused(
      ModelRunner model, int token, int computed, int[] table, int logits) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(computed, table);
    batch.addToken(token, true);
    assertThatThrownBy(() -> model.step(batch, new float[logits]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] onCpu(Path path) throws IOException {
    CpuOptions floats = new CpuOptions(KvType.F32, new AttentionSpec.Full());
    try (CpuWorkers workers = new CpuWorkers(2);
        GgufFile file = GgufFile.open(path);
        ModelRunner model = CpuModel.load(file, workers, floats)) {
      model.allocateBlocks(8);
      return prefill(model, TOKENS.length);
    }
  }

  private static ModelRunner load(Path path, OpenClContext context, KvPrecision precision)
      throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      ModelRunner model = OpenClModel.load(file, context, precision);
      model.allocateBlocks(8);
      return model;
    }
  }

  private static float[] prefill(ModelRunner model, int chunk) {
    return prefill(model, TOKENS.length, chunk);
  }

  /** Logits of every token, computed {@code chunk} tokens at a time. */
  private static float[] prefill(ModelRunner model, int count, int chunk) {
    float[] all = new float[count * TinyModel.VOCABULARY];
    StepBatch batch = new StepBatch();
    for (int from = 0; from < count; from += chunk) {
      int to = Math.min(count, from + chunk);
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

  private static float[] row(float[] logits, int row) {
    return Arrays.copyOfRange(logits, row * TinyModel.VOCABULARY, (row + 1) * TinyModel.VOCABULARY);
  }

  private static void assertClose(float[] expected, float[] found, double bound) {
    assertThat(found).hasSameSizeAs(expected);
    double squares = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += (double) expected[i] * expected[i];
      difference += Math.pow((double) found[i] - expected[i], 2);
    }
    assertThat(Math.sqrt(difference / squares)).isLessThan(bound);
  }
}
