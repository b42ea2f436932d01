package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.UnsupportedModelException;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import dev.gearbox.runtime.StepGivenUpException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CpuModelTest {
  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final int[] TOKENS = new Random(5).ints(50, 0, TinyModel.VOCABULARY).toArray();
  // Blocks in no order, so that positions and blocks cannot be mistaken for each other.
  private static final int[] TABLE = {6, 2, 5, 0};

  @TempDir Path folder;

  @AfterAll
  static void close() {
    WORKERS.close();
  }

  @ParameterizedTest
  @EnumSource
  void logitsAreThoseOfTheReference(Architecture architecture) throws IOException {
    TinyModel tiny = new TinyModel(architecture, 11);
    double[][] expected = new ReferenceTransformer(tiny).run(TOKENS);
    try (ModelRunner model = load(tiny)) {
      float[] found = prefill(model, TOKENS, TOKENS.length);
      for (int token = 0; token < TOKENS.length; token++) {
        assertClose(expected[token], row(found, token), 1e-3);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void halvesAndBytesOfKeysAndValuesStayNearTheReference(Architecture architecture)
      throws IOException {
    TinyModel tiny = new TinyModel(architecture, 11);
    double[][] expected = new ReferenceTransformer(tiny).run(TOKENS);
    for (KvType type : List.of(KvType.F16, KvType.Q8_0)) {
      try (ModelRunner model = load(tiny, type)) {
        float[] found = prefill(model, TOKENS, TOKENS.length);
        for (int token = 0; token < TOKENS.length; token++) {
          assertThat(error(expected[token], row(found, token)))
              .isLessThan(type == KvType.F16 ? 0.01 : 0.2);
        }
      }
    }
  }

  @Test
  void smallerTypesTakeFewerBytes() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 11);
    long elements = 2L * 16 * TinyModel.LAYERS * TinyModel.KV_HEADS * TinyModel.HEAD;
    try (ModelRunner floats = load(tiny, KvType.F32);
        ModelRunner halves = load(tiny, KvType.F16);
        ModelRunner bytes = load(tiny, KvType.Q8_0)) {
      assertThat(floats.bytesPerBlock()).isEqualTo(4 * elements);
      assertThat(halves.bytesPerBlock()).isEqualTo(2 * elements);
      assertThat(bytes.bytesPerBlock()).isEqualTo(elements + 4 * elements / TinyModel.HEAD);
    }
  }

  @ParameterizedTest
  @EnumSource
  void prefillInChunksAndTokenByTokenEqualsPrefillAtOnce(Architecture architecture)
      throws IOException {
    TinyModel tiny = new TinyModel(architecture, 12);
    try (ModelRunner model = load(tiny)) {
      float[] whole = prefill(model, TOKENS, TOKENS.length);
      for (int chunk : new int[] {1, 2, 5, 6, 7, 16, 33}) {
        float[] parts = prefill(model, TOKENS, chunk);
        for (int token = 0; token < TOKENS.length; token++) {
          assertClose(doubles(row(whole, token)), row(parts, token), 1e-4);
        }
      }
    }
  }

  @Test
  void aStepThatGaveUpIsTheSameWhenItComesAgain() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 12);
    try (ModelRunner model = load(tiny)) {
      float[] expected = prefill(model, TOKENS, TOKENS.length);
      StepBatch batch = new StepBatch();
      batch.clear();
      batch.beginSequence(0, TABLE);
      for (int token : TOKENS) {
        batch.addToken(token, true);
      }
      float[] logits = new float[TOKENS.length * TinyModel.VOCABULARY];
      // The second layer is not computed.
      AtomicInteger layers = new AtomicInteger();
      batch.mayGiveUp(() -> layers.incrementAndGet() > 1);
      assertThatThrownBy(() -> model.step(batch, logits)).isInstanceOf(StepGivenUpException.class);
      assertThat(layers).hasValue(2);

      batch.mayGiveUp(() -> false);
      model.step(batch, logits);
      assertThat(logits).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource
  void sequenceIsTheSameInAnyCompany(Architecture architecture) throws IOException {
    TinyModel tiny = new TinyModel(architecture, 13);
    double[][] expected = new ReferenceTransformer(tiny).run(Arrays.copyOf(TOKENS, 20));
    try (ModelRunner model = load(tiny)) {
      prefill(model, Arrays.copyOf(TOKENS, 19), 19);
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
      assertClose(expected[19], row(logits, 1), 1e-3);
      assertClose(expected[0], row(logits, 2), 1e-3);
    }
  }

  @Test
  void stepThatAsksForNoLogitsStillKeepsItsTokens() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.QWEN2, 14);
    double[][] expected = new ReferenceTransformer(tiny).run(Arrays.copyOf(TOKENS, 9));
    try (ModelRunner model = load(tiny)) {
      StepBatch batch = new StepBatch();
      batch.clear();
      batch.beginSequence(0, TABLE);
      for (int i = 0; i < 8; i++) {
        batch.addToken(TOKENS[i], false);
      }
      model.step(batch, new float[0]);
      batch.clear();
      batch.beginSequence(8, TABLE);
      batch.addToken(TOKENS[8], true);
      float[] logits = new float[TinyModel.VOCABULARY];
      model.step(batch, logits);
      assertClose(expected[8], logits, 1e-3);
    }
  }

  @Test
  void sameStepGivesTheSameBits() throws IOException {
    try (ModelRunner model = load(new TinyModel(Architecture.GEMMA3, 15))) {
      assertThat(prefill(model, TOKENS, 16)).isEqualTo(prefill(model, TOKENS, 16));
    }
  }

  @Test
  void badBatchesAreRefusedAndTheNextStepIsServed() throws IOException {
    try (ModelRunner model = load(new TinyModel(Architecture.LLAMA, 16))) {
      float[] before = prefill(model, TOKENS, 50);
      assertRefused(model, TinyModel.VOCABULARY, 0, TABLE, 101);
      assertRefused(model, -1, 0, TABLE, 101);
      assertRefused(model, 1, 64, TABLE, 101);
      assertRefused(model, 1, 0, new int[] {8}, 101);
      assertRefused(model, 1, 300, new int[20], 101);
      assertRefused(model, 1, 0, TABLE, 100);
      assertThat(prefill(model, TOKENS, 50)).isEqualTo(before);
    }
  }

  @Test
  void moreBlocksThanTheMachineHoldsAreRefusedWithTheNumberThatFits() throws IOException {
    try (ModelRunner model = load(new TinyModel(Architecture.LLAMA, 16).writer())) {
      long fits = CpuModel.machineMemory() / model.bytesPerBlock();
      assertThatThrownBy(() -> model.allocateBlocks(Integer.MAX_VALUE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageEndingWith("at most " + fits + " fit");
    }
  }

  @Test
  void unknownArchitectureIsRefused() throws IOException {
    GgufWriter writer =
        new TinyModel(Architecture.LLAMA, 1)
            .writer()
            .put("general.architecture", GgufValue.of("mamba"));
    assertThatThrownBy(() -> load(writer))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("mamba");
  }

  @Test
  void missingTensorIsRefused() {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 1);
    tiny.tensors.remove("blk.3.ffn_up.weight");
    assertThatThrownBy(() -> load(tiny.writer()))
        .isInstanceOf(GgufException.class)
        .hasMessageContaining("blk.3.ffn_up.weight");
  }

  @Test
  void metadataThatContradictTheTensorsAreRefused() {
    for (String key : new String[] {"feed_forward_length", "attention.head_count_kv"}) {
      GgufWriter writer =
          new TinyModel(Architecture.LLAMA, 1).writer().put("llama." + key, GgufValue.of(1 << 10));
      assertThatThrownBy(() -> load(writer)).isInstanceOf(GgufException.class);
    }
    GgufWriter deep =
        new TinyModel(Architecture.LLAMA, 1)
            .writer()
            .put("llama.block_count", GgufValue.of(Integer.MAX_VALUE));
    assertThatThrownBy(() -> load(deep)).isInstanceOf(GgufException.class);
  }

  @Test
  void mixtureOfExpertsIsRefused() {
    GgufWriter writer =
        new TinyModel(Architecture.LLAMA, 1).writer().put("llama.expert_count", GgufValue.of(8));
    assertThatThrownBy(() -> load(writer)).isInstanceOf(UnsupportedModelException.class);
  }

  private ModelRunner load(TinyModel tiny) throws IOException {
    return load(tiny, KvType.F32);
  }

  private ModelRunner load(TinyModel tiny, KvType type) throws IOException {
    ModelRunner model = load(tiny.writer(), type);
    model.allocateBlocks(8);
    return model;
  }

  private ModelRunner load(GgufWriter writer) throws IOException {
    return load(writer, KvType.F32);
  }

  private ModelRunner load(GgufWriter writer, KvType type) throws IOException {
    Path path = folder.resolve("model.gguf");
    writer.write(path);
    try (GgufFile file = GgufFile.open(path)) {
      return CpuModel.load(file, WORKERS, new CpuOptions(type, new AttentionSpec.Full()));
    }
  }

  /** Logits of every token, computed {@code chunk} tokens at a time. */
  private static float[] prefill(ModelRunner model, int[] tokens, int chunk) {
    float[] all = new float[tokens.length * TinyModel.VOCABULARY];
    StepBatch batch = new StepBatch();
    for (int from = 0; from < tokens.length; from += chunk) {
      int to = Math.min(tokens.length, from + chunk);
      batch.clear();
      batch.beginSequence(from, TABLE);
      for (int i = from; i < to; i++) {
        batch.addToken(tokens[i], true);
      }
      float[] logits = new float[(to - from) * TinyModel.VOCABULARY];
      model.step(batch, logits);
      System.arraycopy(logits, 0, all, from * TinyModel.VOCABULARY, logits.length);
    }
    return all;
  }

  private static void assertRefused(
      ModelRunner model, int token, int context, int[] table, int logits) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(context, table);
    batch.addToken(token, true);
    assertThatThrownBy(() -> model.step(batch, new float[logits]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] row(float[] logits, int row) {
    return Arrays.copyOfRange(logits, row * TinyModel.VOCABULARY, (row + 1) * TinyModel.VOCABULARY);
  }

  private static double[] doubles(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  /** Length of the difference over the length of what is expected. */
  private static double error(double[] expected, float[] found) {
    double squares = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      squares += expected[i] * expected[i];
      difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    }
    return Math.sqrt(difference / squares);
  }

  private static void assertClose(double[] expected, float[] found, double bound) {
    double most = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], Offset.offset(bound * most));
    }
  }
}
