package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters beside the base weights, held to the reference transformer with merged weights. */
class LoraTest {
  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final int[] TOKENS = new Random(5).ints(40, 0, TinyModel.VOCABULARY).toArray();
  private static final int BLOCKS = 4;

  @TempDir Path folder;

  @AfterAll
  static void close() {
    WORKERS.close();
  }

  @ParameterizedTest
  @EnumSource
  void logitsAreThoseOfMergedWeights(Architecture architecture) throws IOException {
    for (int rank : new int[] {3, 8, 20}) {
      TinyModel tiny = new TinyModel(architecture, 31);
      try (ModelRunner model = load(tiny)) {
        TestingLora lora = TestingLora.of(tiny, rank, 2 * rank, 7);
        ModelAdapter adapter = load(model, lora, 1);
        assertThat(adapter.rank()).isEqualTo(rank);
        float[][] found = prefill(model, adapter, 0);
        float[][] base = prefill(model, null, 1);
        double[][] expected = new ReferenceTransformer(lora.merge(tiny)).run(TOKENS);
        double changed = 0;
        for (int i = 0; i < TOKENS.length; i++) {
          changed = Math.max(changed, assertClose(expected[i], found[i], base[i]));
        }
        assertThat(changed).as("what the adapter changes").isGreaterThan(0.5);
      }
    }
  }

  @Test
  void factorScalesWhatTheAdapterAdds() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 32);
    TestingLora lora = TestingLora.of(tiny, 4, 2, 8);
    try (ModelRunner model = load(tiny)) {
      float[][] none = prefill(model, load(model, lora, 0), 0);
      assertThat(none).isDeepEqualTo(prefill(model, null, 1));
      TestingLora doubled = TestingLora.of(tiny, 4, 4, 8);
      assertThat(prefill(model, load(model, lora, 2), 0))
          .isDeepEqualTo(prefill(model, load(model, doubled, 1), 1));
    }
  }

  @Test
  void alphaOfZeroLeavesTheProductAsItIs() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 33);
    TestingLora unscaled = TestingLora.of(tiny, 4, 0, 8);
    TestingLora one = TestingLora.of(tiny, 4, 4, 8);
    try (ModelRunner model = load(tiny)) {
      assertThat(prefill(model, load(model, unscaled, 1), 0))
          .isDeepEqualTo(prefill(model, load(model, one, 1), 1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void rowHasTheBitsThatItHasAlone(Architecture architecture) throws IOException {
    TinyModel tiny = new TinyModel(architecture, 34);
    try (ModelRunner model = load(tiny)) {
      @Nullable ModelAdapter[] adapters = {
        load(model, TestingLora.of(tiny, 8, 16, 1), 1),
        null,
        load(model, TestingLora.of(tiny, 17, 9, 2), 1),
        null,
      };
      int last = TOKENS.length - 1;
      float[][] alone = new float[adapters.length][];
      for (int s = 0; s < adapters.length; s++) {
        prefill(model, adapters[s], s);
        alone[s] = decode(model, adapters, last, s)[0];
      }
      float[][] together = decode(model, adapters, last, 0, 1, 2, 3);
      assertThat(together).isDeepEqualTo(alone);
      float[][] reversed = decode(model, adapters, last, 3, 2, 1, 0);
      for (int s = 0; s < adapters.length; s++) {
        assertThat(reversed[3 - s]).isEqualTo(alone[s]);
      }
      assertThat(alone[1]).isEqualTo(alone[3]).isNotEqualTo(alone[0]);
    }
  }

  @Test
  void adapterMayAddToSomeMatricesOnlyAndInAnyType() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.QWEN2, 35);
    TestingLora lora = new TestingLora("qwen2", 32, 16, 0.2, 3);
    lora.add("blk.2.ffn_down.weight", TinyModel.INNER, TinyModel.SIZE);
    Path path = folder.resolve("halves.gguf");
    try (ModelRunner model = load(tiny)) {
      float[][] singles = prefill(model, load(model, lora, 1), 0);
      halves(lora).write(path);
      float[][] found = prefill(model, load(model, path, 1), 1);
      for (int i = 0; i < TOKENS.length; i++) {
        for (int k = 0; k < singles[i].length; k++) {
          assertThat(found[i][k]).isCloseTo(singles[i][k], within(0.05));
        }
      }
    }
  }

  private static org.assertj.core.data.Offset<Float> within(double value) {
    return org.assertj.core.data.Offset.offset((float) value);
  }

  private GgufWriter halves(TestingLora lora) throws IOException {
    GgufWriter writer =
        new GgufWriter()
            .put("general.type", GgufValue.of("adapter"))
            .put("general.architecture", GgufValue.of("qwen2"))
            .put("adapter.type", GgufValue.of("lora"))
            .put("adapter.lora.alpha", GgufValue.of(lora.alpha));
    try (GgufFile file = GgufFile.open(lora.write(folder.resolve("singles.gguf")))) {
      file.tensors()
          .forEach((name, tensor) -> {
            float[] values = tensor.toFloats();
            MemorySegment data = Arena.ofAuto().allocate(2L * values.length, 2);
            for (int i = 0; i < values.length; i++) {
              data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
            }
            writer.tensor(name, GgmlType.F16, tensor.shape(), data);
          });
    }
    return writer;
  }

  @Test
  void adapterThatDoesNotFitIsRefusedWithTheReason() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 36);
    int size = TinyModel.SIZE;
    try (ModelRunner model = load(tiny)) {
      refused(model, lora("qwen2").add("blk.0.attn_q.weight", size, 128))
          .hasMessageContaining("for architecture 'qwen2' and the model is of 'llama'");
      refused(model, lora("llama").add("blk.0.attn_q.weight", size, 64))
          .hasMessageContaining("blk.0.attn_q.weight.lora_b")
          .hasMessageContaining("should be 64 x 4 and 4 x 128");
      refused(model, lora("llama").add("blk.0.attn_q.weight", 32, 128))
          .hasMessageContaining("should be 64 x 4");
      refused(model, lora("llama").add("blk.7.attn_q.weight", size, 128))
          .hasMessageContaining("adds to blk.7.attn_q.weight, which is no matrix");
      refused(model, lora("llama").add("token_embd.weight", size, TinyModel.VOCABULARY))
          .hasMessageContaining("adds to token_embd.weight");
    }
    TinyModel tied = new TinyModel(Architecture.GEMMA3, 36);
    try (ModelRunner model = load(tied)) {
      refused(model, lora("gemma3").add("output.weight", size, TinyModel.VOCABULARY))
          .hasMessageContaining("adds to output.weight");
    }
  }

  @Test
  void weightThatIsNoNumberIsRefused() throws IOException {
    TinyModel tiny = new TinyModel(Architecture.LLAMA, 37);
    float[] broken = new float[TinyModel.SIZE * 4];
    Arrays.fill(broken, Float.NaN);
    GgufWriter writer = lora("llama").writer();
    writer.tensor("blk.0.attn_q.weight.lora_a", new long[] {TinyModel.SIZE, 4}, broken);
    writer.tensor("blk.0.attn_q.weight.lora_b", new long[] {4, 128}, new float[512]);
    Path path = folder.resolve("broken.gguf");
    writer.write(path);
    try (ModelRunner model = load(tiny)) {
      assertThatThrownBy(() -> load(model, path, 1))
          .isInstanceOf(GgufException.class)
          .hasMessageContaining("blk.0.attn_q.weight.lora_a has an element that is no finite");
    }
  }

  @Test
  void adapterOfAnotherModelIsRefusedInAStep() throws IOException {
    TinyModel llama = new TinyModel(Architecture.LLAMA, 38);
    TinyModel qwen = new TinyModel(Architecture.QWEN2, 38);
    try (ModelRunner one = load(llama);
        ModelRunner other = load(qwen)) {
      ModelAdapter adapter = load(other, TestingLora.of(qwen, 4, 4, 1), 1);
      assertThatThrownBy(() -> prefill(one, adapter, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another model");
    }
  }

  private static TestingLora lora(String architecture) {
    return new TestingLora(architecture, 4, 8, 0.1, 1);
  }

  private org.assertj.core.api.AbstractThrowableAssert<?, ?> refused(
      ModelRunner model, TestingLora lora) {
    return assertThatThrownBy(() -> load(model, lora, 1)).isInstanceOf(GgufException.class);
  }

  /** With keys and values as exact as the reference has them. */
  private ModelRunner load(TinyModel tiny) throws IOException {
    CpuOptions exact = new CpuOptions(KvType.F32, new AttentionSpec.Full());
    try (GgufFile file = GgufFile.open(tiny.write(folder))) {
      ModelRunner model = CpuModel.load(file, WORKERS, exact);
      model.allocateBlocks(4 * BLOCKS);
      return model;
    }
  }

  private ModelAdapter load(ModelRunner model, TestingLora lora, float factor) throws IOException {
    return load(model, lora.write(folder.resolve("lora.gguf")), factor);
  }

  private static ModelAdapter load(ModelRunner model, Path path, float factor) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      return model.adapter(LoraAdapter.of(file), factor);
    }
  }

  private static int[] table(int sequence) {
    int[] table = new int[BLOCKS];
    Arrays.setAll(table, i -> 4 * i + sequence);
    return table;
  }

  /** Logits of every token but the last, whose keys are rewritten by whoever decodes it. */
  private static float[][] prefill(
      ModelRunner model, @Nullable ModelAdapter adapter, int sequence) {
    StepBatch batch = new StepBatch();
    batch.clear();
    batch.beginSequence(0, table(sequence), adapter);
    for (int token : TOKENS) {
      batch.addToken(token, true);
    }
    return step(model, batch);
  }

  private static float[][] decode(
      ModelRunner model, @Nullable ModelAdapter[] adapters, int at, int... sequences) {
    StepBatch batch = new StepBatch();
    batch.clear();
    for (int s : sequences) {
      batch.beginSequence(at, table(s), adapters[s]);
      batch.addToken(TOKENS[at], true);
    }
    return step(model, batch);
  }

  private static float[][] step(ModelRunner model, StepBatch batch) {
    float[] logits = new float[batch.logitRows() * model.vocabulary()];
    model.step(batch, logits);
    float[][] rows = new float[batch.logitRows()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(logits, i * model.vocabulary(), (i + 1) * model.vocabulary());
    }
    return rows;
  }

  /** The largest difference of a logit to the one of the base model. */
  private static double assertClose(double[] expected, float[] found, float[] base) {
    double most = 0;
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(2e-3));
      most = Math.max(most, Math.abs(found[i] - base[i]));
    }
    return most;
  }
}
