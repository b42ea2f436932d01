package dev.gearbox.workshop.prune;

import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Zeros among the weights, for measuring what they cost: the file gets no smaller and no kernel
 * runs faster for them (see ADR 27). A weight counts by its magnitude times the root of its
 * column's importance, as in "A Simple and Effective Pruning Approach for Large Language Models"
 * (2023).
 *
 * @param kept weights that stay of each group
 * @param group neighbouring weights of a row among which those are chosen
 */
public record Sparsity(int kept, int group) {
  public Sparsity {
    if (group < 2 || group > 256 || kept < 1 || kept >= group) {
      throw new IllegalArgumentException(
          "sparsity is K:N, the weights kept of each N, as 2:4; got %d:%d".formatted(kept, group));
    }
  }

  /**
   * Reads {@code 2:4}.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Sparsity parse(String written) {
    if (!written.matches("\\d{1,3}:\\d{1,3}")) {
      throw new IllegalArgumentException("sparsity is K:N, as 2:4; got '" + written + "'");
    }
    int colon = written.indexOf(':');
    return new Sparsity(
        Integer.parseInt(written.substring(0, colon)),
        Integer.parseInt(written.substring(colon + 1)));
  }

  /**
   * The rows of all matrices of blocks, with zeros.
   *
   * @param importance of columns by the name of their tensor
   */
  public Map<String, RowStream.Rows> rows(
      Map<String, GgufTensor> tensors, Map<String, float[]> importance) {
    Map<String, RowStream.Rows> rows = new HashMap<>();
    importance.forEach((name, columns) -> {
      if (name.startsWith("blk.")) {
        rows.put(name, sparse(Objects.requireNonNull(tensors.get(name)), columns));
      }
    });
    return rows;
  }

  private RowStream.Rows sparse(GgufTensor tensor, float[] importance) {
    RowStream.Rows dense = Quantization.rows(tensor);
    return (row, out) -> {
      dense.read(row, out);
      float[] scores = new float[group];
      for (int at = 0; at + group <= out.length; at += group) {
        for (int i = 0; i < group; i++) {
          scores[i] = out[at + i] * out[at + i] * importance[at + i];
        }
        float[] sorted = scores.clone();
        Arrays.sort(sorted);
        float least = sorted[group - kept];
        int left = kept;
        for (int i = 0; i < group; i++) {
          if (scores[i] >= least && left > 0) {
            left--;
          } else {
            out[at + i] = 0;
          }
        }
      }
    };
  }
}
