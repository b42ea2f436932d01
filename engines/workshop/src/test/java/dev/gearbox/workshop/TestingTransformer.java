package dev.gearbox.workshop;

import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A small random Qwen2 model in F32 that reads bytes, to be changed before it is written. Its
 * blocks add little to the residual stream each, as those of trained models do.
 */
public final class TestingTransformer {
  public static final int SIZE = 64;
  public static final int INNER = 256;
  public static final int LAYERS = 6;
  public static final int HEADS = 4;
  public static final int KV_HEADS = 2;
  public static final int HEAD = 32;
  public static final int CONTEXT = 128;
  private static final int VOCABULARY = 258;
  private static final int CONTROL = 3;

  private final Map<String, float[]> tensors = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Random random;

  public TestingTransformer(long seed) {
    random = new Random(seed);
    matrix("token_embd.weight", 1, SIZE, VOCABULARY);
    matrix("output.weight", 0.3, SIZE, VOCABULARY);
    vector("output_norm.weight", SIZE, 1);
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "blk." + layer + ".";
      vector(prefix + "attn_norm.weight", SIZE, 1);
      matrix(prefix + "attn_q.weight", 0.1, SIZE, HEADS * HEAD);
      matrix(prefix + "attn_k.weight", 0.1, SIZE, KV_HEADS * HEAD);
      matrix(prefix + "attn_v.weight", 0.1, SIZE, KV_HEADS * HEAD);
      vector(prefix + "attn_q.bias", HEADS * HEAD, 0);
      vector(prefix + "attn_k.bias", KV_HEADS * HEAD, 0);
      vector(prefix + "attn_v.bias", KV_HEADS * HEAD, 0);
      matrix(prefix + "attn_output.weight", 0.05, HEADS * HEAD, SIZE);
      vector(prefix + "ffn_norm.weight", SIZE, 1);
      matrix(prefix + "ffn_gate.weight", 0.15, SIZE, INNER);
      matrix(prefix + "ffn_up.weight", 0.15, SIZE, INNER);
      matrix(prefix + "ffn_down.weight", 0.05, INNER, SIZE);
    }
  }

  private void matrix(String name, double deviation, int columns, int rows) {
    float[] values = new float[columns * rows];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    tensors.put(name, values);
    shapes.put(name, new long[] {columns, rows});
  }

  private void vector(String name, int size, float mean) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (mean + random.nextGaussian() * 0.05);
    }
    tensors.put(name, values);
    shapes.put(name, new long[] {size});
  }

  /** The elements of a tensor, to be changed. */
  public float[] tensor(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  /** Makes columns of a matrix zero. */
  public void clearColumns(String name, int columns, int from, int to) {
    float[] values = tensor(name);
    for (int at = 0; at < values.length; at += columns) {
      Arrays.fill(values, at + from, at + to, 0);
    }
  }

  /** Some text of bytes. */
  public static String text(int length, long seed) {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append((char) random.nextInt(32, 127));
    }
    return text.toString();
  }

  /** Writes it. */
  public Path write(Path path) throws IOException {
    List<String> tokens = new ArrayList<>();
    int moved = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      tokens.add(Character.toString(printable ? b : 256 + moved++));
    }
    tokens.addAll(List.of("<s>", "</s>"));
    int[] kinds = new int[VOCABULARY];
    Arrays.fill(kinds, 1);
    Arrays.fill(kinds, 256, VOCABULARY, CONTROL);
    GgufWriter writer =
        new GgufWriter()
            .put("general.architecture", GgufValue.of("qwen2"))
            .put("qwen2.block_count", GgufValue.of(LAYERS))
            .put("qwen2.embedding_length", GgufValue.of(SIZE))
            .put("qwen2.feed_forward_length", GgufValue.of(INNER))
            .put("qwen2.attention.head_count", GgufValue.of(HEADS))
            .put("qwen2.attention.head_count_kv", GgufValue.of(KV_HEADS))
            .put("qwen2.attention.key_length", GgufValue.of(HEAD))
            .put("qwen2.attention.value_length", GgufValue.of(HEAD))
            .put("qwen2.attention.layer_norm_rms_epsilon", GgufValue.of(1e-6f))
            .put("qwen2.rope.freq_base", GgufValue.of(10_000f))
            .put("qwen2.context_length", GgufValue.of(CONTEXT))
            .put("tokenizer.ggml.model", GgufValue.of("gpt2"))
            .put("tokenizer.ggml.pre", GgufValue.of("gpt-2"))
            .put("tokenizer.ggml.tokens", GgufValue.of(tokens))
            .put("tokenizer.ggml.token_type", GgufValue.of(kinds))
            .put("tokenizer.ggml.merges", GgufValue.of(List.of()))
            .put("tokenizer.ggml.bos_token_id", GgufValue.of(256))
            .put("tokenizer.ggml.eos_token_id", GgufValue.of(257))
            .put("tokenizer.ggml.add_bos_token", GgufValue.of(false));
    tensors.forEach(
        (name, values) -> writer.tensor(name, Objects.requireNonNull(shapes.get(name)), values));
    writer.write(path);
    return path;
  }
}
