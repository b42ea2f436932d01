package dev.gearbox.cpu.model;

import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A random adapter, kept both as a GGUF file and as the numbers in it, large enough to change what
 * a model says.
 */
final class TestingLora {
  final int rank;
  final float alpha;
  private final String architecture;
  private final double deviation;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, float[]> tensors = new LinkedHashMap<>();
  private final Random random;

  TestingLora(String architecture, int rank, float alpha, double deviation, long seed) {
    this.architecture = architecture;
    this.rank = rank;
    this.alpha = alpha;
    this.deviation = deviation;
    random = new Random(seed);
  }

  /** An adapter of every matrix of a layer, and of the one that makes logits where there is one. */
  static TestingLora of(TinyModel model, int rank, float alpha, long seed) {
    TestingLora lora = new TestingLora(model.architecture.key(), rank, alpha, 0.15, seed);
    int queries = TinyModel.HEADS * TinyModel.HEAD;
    int keys = TinyModel.KV_HEADS * TinyModel.HEAD;
    lora.layers(TinyModel.LAYERS, TinyModel.SIZE, queries, keys, TinyModel.INNER);
    if (model.tensors.containsKey("output.weight")) {
      lora.add("output.weight", TinyModel.SIZE, TinyModel.VOCABULARY);
    }
    return lora;
  }

  /** Adds pairs for every matrix of so many layers. */
  TestingLora layers(int layers, int size, int queries, int keys, int inner) {
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "blk." + layer + ".";
      add(prefix + "attn_q.weight", size, queries);
      add(prefix + "attn_k.weight", size, keys);
      add(prefix + "attn_v.weight", size, keys);
      add(prefix + "attn_output.weight", queries, size);
      add(prefix + "ffn_gate.weight", size, inner);
      add(prefix + "ffn_up.weight", size, inner);
      add(prefix + "ffn_down.weight", inner, size);
    }
    return this;
  }

  TestingLora add(String name, int columns, int rows) {
    tensor(name + ".lora_a", columns, rank, 1 / Math.sqrt(columns));
    tensor(name + ".lora_b", rank, rows, deviation);
    return this;
  }

  private void tensor(String name, int columns, int rows, double spread) {
    float[] values = new float[columns * rows];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * spread);
    }
    tensors.put(name, values);
    shapes.put(name, new long[] {columns, rows});
  }

  /** Adds {@code alpha / rank · B · A} to the weights of a model. */
  TinyModel merge(TinyModel model) {
    for (String name : tensors.keySet()) {
      if (name.endsWith(".lora_a")) {
        String base = name.substring(0, name.length() - ".lora_a".length());
        merge(values(name), values(base + ".lora_b"), values(model, base));
      }
    }
    return model;
  }

  private void merge(float[] a, float[] b, float[] weights) {
    int columns = a.length / rank;
    for (int row = 0; row < b.length / rank; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int k = 0; k < rank; k++) {
          sum += (double) b[row * rank + k] * a[k * columns + column];
        }
        weights[row * columns + column] += (float) (alpha / rank * sum);
      }
    }
  }

  private float[] values(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  private static float[] values(TinyModel model, String name) {
    return Objects.requireNonNull(model.tensors.get(name), name);
  }

  /** A writer holding the adapter, to be changed before it writes. */
  GgufWriter writer() {
    GgufWriter writer =
        new GgufWriter()
            .put("general.type", GgufValue.of("adapter"))
            .put("general.architecture", GgufValue.of(architecture))
            .put("adapter.type", GgufValue.of("lora"))
            .put("adapter.lora.alpha", GgufValue.of(alpha));
    shapes.forEach((name, shape) -> writer.tensor(name, shape, values(name)));
    return writer;
  }

  Path write(Path path) throws IOException {
    writer().write(path);
    return path;
  }
}
