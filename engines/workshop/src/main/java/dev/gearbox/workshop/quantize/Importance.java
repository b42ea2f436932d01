package dev.gearbox.workshop.quantize;

import dev.gearbox.cpu.model.Probe;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.Reading;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much the error of a weight costs, by the column it stands in: the mean square of what the
 * column is multiplied by, while the model reads a calibration text. The expected squared error of
 * a product is the sum of squared errors of weights, each times this.
 */
public final class Importance implements Probe {
  // What was rare in the text may be common elsewhere: no column counts for nothing.
  private static final double FLOOR = 0.01;

  private final String logits;
  private final Map<String, double[]> squares = new HashMap<>();

  private Importance(String logits) {
    this.logits = logits;
  }

  /**
   * Measures it.
   *
   * @param progress in windows of the text
   * @return by the name of the tensor, one number a column, 1 on average
   * @throws IllegalArgumentException when the text is too short
   */
  public static Map<String, float[]> measure(
      GgufFile file, String text, CpuWorkers workers, Progress progress) {
    Importance seen = new Importance(Recipe.logits(file));
    Reading.all(file, text, workers, seen, progress);
    Map<String, float[]> result = new HashMap<>();
    seen.squares.forEach((name, sums) -> result.put(name, normal(sums)));
    return result;
  }

  private static float[] normal(double[] sums) {
    double mean = 0;
    for (double sum : sums) {
      mean += sum / sums.length;
    }
    float[] normal = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      normal[i] = mean == 0 ? 1 : (float) ((sums[i] / mean + FLOOR) / (1 + FLOOR));
    }
    return normal;
  }

  @Override
  public void see(Point point, int layer, float[] values, int rows, int width) {
    List<String> readers =
        switch (point) {
          case ATTENTION_INPUT -> List.of("attn_q", "attn_k", "attn_v");
          case ATTENDED -> List.of("attn_output");
          case FEED_FORWARD_INPUT -> List.of("ffn_gate", "ffn_up");
          case INNER -> List.of("ffn_down");
          case LOGITS_INPUT -> List.of(logits);
          case HIDDEN, FEED_FORWARD_OUTPUT -> List.of();
        };
    if (readers.isEmpty()) {
      return;
    }
    double[] sums =
        squares.computeIfAbsent(name(point, layer, readers.getFirst()), n -> new double[width]);
    addSquares(sums, values, rows, width);
    for (String reader : readers) {
      squares.put(name(point, layer, reader), sums);
    }
  }

  /**
   * Adds the square of each value to the sum of its column.
   *
   * @param values rows × width
   * @param sums of {@code width}
   */
  public static void addSquares(double[] sums, float[] values, int rows, int width) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i++) {
        float value = values[row * width + i];
        sums[i] += value * value;
      }
    }
  }

  private static String name(Point point, int layer, String matrix) {
    return point == Point.LOGITS_INPUT ? matrix : "blk." + layer + "." + matrix + ".weight";
  }
}
