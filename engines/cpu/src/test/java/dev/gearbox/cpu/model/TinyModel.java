package dev.gearbox.cpu.model;

import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.format.model.Architecture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A small random model in F32, kept both as a GGUF file and as the numbers in it, with a
 * transformer in plain double arithmetic over them.
 */
public final class TinyModel {
  public static final int VOCABULARY = 101;
  public static final int SIZE = 64;
  public static final int INNER = 96;
  public static final int HEADS = 4;
  public static final int KV_HEADS = 2;
  public static final int HEAD = 32;
  public static final int LAYERS = 7;
  public static final int WINDOW = 9;
  public static final double EPSILON = 1e-5;

  public final Architecture architecture;
  public final Map<String, float[]> tensors = new LinkedHashMap<>();
  public final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Random random;

  public TinyModel(Architecture architecture, long seed) {
    this.architecture = architecture;
    random = new Random(seed);
    boolean gemma = architecture == Architecture.GEMMA3;
    add("token_embd.weight", 0.5, SIZE, VOCABULARY);
    if (!gemma) {
      add("output.weight", 0.5, SIZE, VOCABULARY);
    }
    norm("output_norm.weight", SIZE);
    for (int layer = 0; layer < LAYERS; layer++) {
      layer("blk." + layer + ".", gemma);
    }
    if (architecture == Architecture.LLAMA) {
      norm("rope_freqs.weight", HEAD / 2);
    }
  }

  private void layer(String prefix, boolean gemma) {
    norm(prefix + "attn_norm.weight", SIZE);
    add(prefix + "attn_q.weight", 0.2, SIZE, HEADS * HEAD);
    add(prefix + "attn_k.weight", 0.2, SIZE, KV_HEADS * HEAD);
    add(prefix + "attn_v.weight", 0.2, SIZE, KV_HEADS * HEAD);
    add(prefix + "attn_output.weight", 0.2, HEADS * HEAD, SIZE);
    norm(prefix + "ffn_norm.weight", SIZE);
    add(prefix + "ffn_gate.weight", 0.2, SIZE, INNER);
    add(prefix + "ffn_up.weight", 0.2, SIZE, INNER);
    add(prefix + "ffn_down.weight", 0.2, INNER, SIZE);
    if (architecture == Architecture.QWEN2) {
      add(prefix + "attn_q.bias", 0.5, HEADS * HEAD);
      add(prefix + "attn_k.bias", 0.5, KV_HEADS * HEAD);
      add(prefix + "attn_v.bias", 0.5, KV_HEADS * HEAD);
    }
    if (gemma) {
      norm(prefix + "attn_q_norm.weight", HEAD);
      norm(prefix + "attn_k_norm.weight", HEAD);
      norm(prefix + "post_attention_norm.weight", SIZE);
      norm(prefix + "post_ffw_norm.weight", SIZE);
    }
  }

  private void add(String name, double deviation, long... shape) {
    int count = (int) (shape[0] * (shape.length > 1 ? shape[1] : 1));
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    tensors.put(name, values);
    shapes.put(name, shape);
  }

  private void norm(String name, int size) {
    add(name, 0.1, size);
    float[] values = Objects.requireNonNull(tensors.get(name));
    for (int i = 0; i < size; i++) {
      values[i] += 1;
    }
  }

  /** A writer holding the model, to be changed before it writes. */
  public GgufWriter writer() {
    String key = architecture.key() + ".";
    GgufWriter writer =
        new GgufWriter()
            .put("general.architecture", GgufValue.of(architecture.key()))
            .put(key + "block_count", GgufValue.of(LAYERS))
            .put(key + "embedding_length", GgufValue.of(SIZE))
            .put(key + "feed_forward_length", GgufValue.of(INNER))
            .put(key + "attention.head_count", GgufValue.of(HEADS))
            .put(key + "attention.head_count_kv", GgufValue.of(KV_HEADS))
            .put(key + "attention.key_length", GgufValue.of(HEAD))
            .put(key + "attention.value_length", GgufValue.of(HEAD))
            .put(key + "attention.layer_norm_rms_epsilon", GgufValue.of((float) EPSILON))
            .put(key + "attention.sliding_window", GgufValue.of(WINDOW))
            .put(key + "rope.freq_base", GgufValue.of(5_000f))
            .put(key + "context_length", GgufValue.of(256));
    tensors.forEach(
        (name, values) -> writer.tensor(name, Objects.requireNonNull(shapes.get(name)), values));
    return writer;
  }

  /** Writes it into a folder. */
  public Path write(Path folder) throws IOException {
    Path path = folder.resolve(architecture.key() + ".gguf");
    writer().write(path);
    return path;
  }
}
