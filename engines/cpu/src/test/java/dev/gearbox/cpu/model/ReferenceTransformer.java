package dev.gearbox.cpu.model;

import dev.gearbox.format.model.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The transformer of a {@link TinyModel} as the papers write it: doubles, one token at a time. */
final class ReferenceTransformer {
  private final TinyModel model;
  private final AttentionSpec spec;
  private final boolean gemma;
  private final List<double[]>[] keys;
  private final List<double[]>[] values;

  ReferenceTransformer(TinyModel model) {
    this(model, new AttentionSpec.Full());
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of lists
  ReferenceTransformer(TinyModel model, AttentionSpec spec) {
    this.model = model;
    this.spec = spec;
    gemma = model.architecture == Architecture.GEMMA3;
    keys = new List[TinyModel.LAYERS];
    values = new List[TinyModel.LAYERS];
    for (int layer = 0; layer < TinyModel.LAYERS; layer++) {
      keys[layer] = new ArrayList<>();
      values[layer] = new ArrayList<>();
    }
  }

  /** Logits after each token. */
  double[][] run(int... tokens) {
    double[][] logits = new double[tokens.length][];
    for (int position = 0; position < tokens.length; position++) {
      logits[position] = step(tokens[position], position);
    }
    return logits;
  }

  private double[] step(int token, int position) {
    double[] h = new double[TinyModel.SIZE];
    for (int i = 0; i < h.length; i++) {
      h[i] = weights("token_embd.weight")[token * TinyModel.SIZE + i];
      h[i] *= gemma ? Math.sqrt(TinyModel.SIZE) : 1;
    }
    for (int layer = 0; layer < TinyModel.LAYERS; layer++) {
      String blk = "blk." + layer + ".";
      double[] x = norm(h, weights(blk + "attn_norm.weight"));
      double[] attended = multiply(blk + "attn_output", attention(layer, x, position));
      addTo(h, gemma ? norm(attended, weights(blk + "post_attention_norm.weight")) : attended);
      x = norm(h, weights(blk + "ffn_norm.weight"));
      double[] gate = multiply(blk + "ffn_gate", x);
      double[] up = multiply(blk + "ffn_up", x);
      for (int i = 0; i < gate.length; i++) {
        gate[i] = (gemma ? gelu(gate[i]) : gate[i] / (1 + Math.exp(-gate[i]))) * up[i];
      }
      double[] down = multiply(blk + "ffn_down", gate);
      addTo(h, gemma ? norm(down, weights(blk + "post_ffw_norm.weight")) : down);
    }
    double[] last = norm(h, weights("output_norm.weight"));
    return multiply(gemma ? "token_embd" : "output", last);
  }

  private double[] attention(int layer, double[] x, int position) {
    String blk = "blk." + layer + ".";
    double[] q = project(blk + "attn_q", x);
    double[] k = project(blk + "attn_k", x);
    boolean windowed = gemma && layer % 6 < 5;
    turn(q, weightsOrNull(blk + "attn_q_norm.weight"), position, windowed);
    turn(k, weightsOrNull(blk + "attn_k_norm.weight"), position, windowed);
    keys[layer].add(k);
    values[layer].add(project(blk + "attn_v", x));
    boolean[][] seen = new boolean[TinyModel.KV_HEADS][];
    for (int head = 0; head < TinyModel.KV_HEADS; head++) {
      seen[head] = seen(layer, q, head, position, windowed);
    }
    double[] out = new double[q.length];
    for (int head = 0; head < TinyModel.HEADS; head++) {
      int at = head * TinyModel.HEAD;
      int group = head / (TinyModel.HEADS / TinyModel.KV_HEADS);
      int kv = group * TinyModel.HEAD;
      double sum = 0;
      double[] mixed = new double[TinyModel.HEAD];
      for (int p = 0; p <= position; p++) {
        if (!seen[group][p]) {
          continue;
        }
        double score = 0;
        for (int e = 0; e < TinyModel.HEAD; e++) {
          score += q[at + e] * keys[layer].get(p)[kv + e];
        }
        double weight = Math.exp(score / Math.sqrt(TinyModel.HEAD));
        sum += weight;
        for (int e = 0; e < TinyModel.HEAD; e++) {
          mixed[e] += weight * values[layer].get(p)[kv + e];
        }
      }
      for (int e = 0; e < TinyModel.HEAD; e++) {
        out[at + e] = mixed[e] / sum;
      }
    }
    return out;
  }

  private boolean[] seen(int layer, double[] q, int head, int position, boolean windowed) {
    boolean[] seen = new boolean[position + 1];
    Arrays.fill(seen, true);
    if (windowed) {
      Arrays.fill(seen, 0, Math.max(0, position - TinyModel.WINDOW + 1), false);
    } else if (spec instanceof AttentionSpec.Window(int sinks, int window)) {
      int first = Math.min(sinks, position + 1);
      Arrays.fill(seen, first, Math.max(first, position - window + 1), false);
    } else if (spec instanceof AttentionSpec.TopBlocks(int most)) {
      int blocks = position / 16 + 1;
      List<Integer> ranked = new ArrayList<>();
      for (int block = 1; block < blocks - 4; block++) {
        ranked.add(block);
      }
      ranked.sort(Comparator.comparingDouble(block -> -promise(layer, q, head, block)));
      for (int block : ranked.subList(Math.min(ranked.size(), most - 5), ranked.size())) {
        Arrays.fill(seen, 16 * block, 16 * block + 16, false);
      }
    }
    return seen;
  }

  /** The largest scores that keys within a block's bounds could have, over a group's heads. */
  private double promise(int layer, double[] q, int head, int block) {
    int group = TinyModel.HEADS / TinyModel.KV_HEADS;
    double promise = 0;
    for (int e = 0; e < TinyModel.HEAD; e++) {
      int at = head * TinyModel.HEAD + e;
      List<double[]> inBlock = keys[layer].subList(16 * block, 16 * block + 16);
      double least = inBlock.stream().mapToDouble(k -> k[at]).min().orElseThrow();
      double most = inBlock.stream().mapToDouble(k -> k[at]).max().orElseThrow();
      for (int of = head * group; of < (head + 1) * group; of++) {
        double x = q[of * TinyModel.HEAD + e];
        promise += Math.max(x * least, x * most);
      }
    }
    return promise;
  }

  private void turn(double[] x, float @Nullable [] norm, int position, boolean windowed) {
    for (int at = 0; at < x.length; at += TinyModel.HEAD) {
      double[] head = Arrays.copyOfRange(x, at, at + TinyModel.HEAD);
      head = norm == null ? head : norm(head, norm);
      int half = TinyModel.HEAD / 2;
      for (int i = 0; i < half; i++) {
        double base = windowed ? 10_000 : 5_000;
        double angle = position * Math.pow(base, -2.0 * i / TinyModel.HEAD);
        boolean llama = model.architecture == Architecture.LLAMA;
        angle /= llama ? weights("rope_freqs.weight")[i] : 1;
        int a = llama ? 2 * i : i;
        int b = llama ? 2 * i + 1 : i + half;
        x[at + a] = head[a] * Math.cos(angle) - head[b] * Math.sin(angle);
        x[at + b] = head[a] * Math.sin(angle) + head[b] * Math.cos(angle);
      }
    }
  }

  private double[] project(String name, double[] x) {
    double[] y = multiply(name, x);
    float @Nullable [] bias = weightsOrNull(name + ".bias");
    for (int i = 0; bias != null && i < y.length; i++) {
      y[i] += bias[i];
    }
    return y;
  }

  private double[] multiply(String name, double[] x) {
    float[] w = weights(name + ".weight");
    double[] y = new double[w.length / x.length];
    for (int row = 0; row < y.length; row++) {
      for (int k = 0; k < x.length; k++) {
        y[row] += w[row * x.length + k] * x[k];
      }
    }
    return y;
  }

  private static double[] norm(double[] x, float[] weight) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double factor = 1 / Math.sqrt(squares / x.length + TinyModel.EPSILON);
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] * factor * weight[i];
    }
    return y;
  }

  private static double gelu(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  private static void addTo(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  private float[] weights(String name) {
    return Objects.requireNonNull(model.tensors.get(name), name);
  }

  private float @Nullable [] weightsOrNull(String name) {
    return model.tensors.get(name);
  }
}
