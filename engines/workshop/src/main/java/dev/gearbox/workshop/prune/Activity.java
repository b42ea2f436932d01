package dev.gearbox.workshop.prune;

import dev.gearbox.cpu.model.Probe;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.Reading;
import dev.gearbox.workshop.quantize.Importance;

/**
 * What the parts of a model did while it read a text.
 *
 * <p>The influence of a block is one less the mean cosine between the residual stream before and
 * behind it ("ShortGPT: Layers in Large Language Models are More Redundant Than You Expect", 2024):
 * a block that hardly turns the stream is hardly missed.
 */
public final class Activity implements Probe {
  private final ModelShape shape;
  private final double[] cosines;
  private final long[] tokens;
  private final double[][] inner;
  private final double[][] attended;
  private float[] before = {};
  private int rowsBefore;

  private Activity(ModelShape shape) {
    this.shape = shape;
    cosines = new double[shape.layers()];
    tokens = new long[shape.layers()];
    inner = new double[shape.layers()][shape.inner()];
    attended = new double[shape.layers()][shape.querySize()];
  }

  /**
   * Lets a model read.
   *
   * @param progress in windows of the text
   * @throws IllegalArgumentException when the text is too short
   */
  public static Activity measure(
      GgufFile file, String text, CpuWorkers workers, Progress progress) {
    Activity activity = new Activity(ModelShape.of(file));
    Reading.all(file, text, workers, activity, progress);
    return activity;
  }

  @Override
  public void see(Point point, int layer, float[] values, int rows, int width) {
    switch (point) {
      case HIDDEN -> hidden(layer, values, rows, width);
      case INNER -> Importance.addSquares(inner[layer], values, rows, width);
      case ATTENDED -> Importance.addSquares(attended[layer], values, rows, width);
      case ATTENTION_INPUT, FEED_FORWARD_INPUT, FEED_FORWARD_OUTPUT, LOGITS_INPUT -> {}
    }
  }

  private void hidden(int layer, float[] values, int rows, int width) {
    // Behind the last layer are the last rows alone, those whose logits were asked for.
    int skipped = rowsBefore - rows;
    for (int row = 0; layer > 0 && row < rows; row++) {
      cosines[layer - 1] += cosine(before, (skipped + row) * width, values, row * width, width);
      tokens[layer - 1]++;
    }
    if (before.length < rows * width) {
      before = new float[rows * width];
    }
    System.arraycopy(values, 0, before, 0, rows * width);
    rowsBefore = rows;
  }

  private static double cosine(float[] a, int aAt, float[] b, int bAt, int n) {
    double product = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < n; i++) {
      product += a[aAt + i] * b[bAt + i];
      aa += a[aAt + i] * a[aAt + i];
      bb += b[bAt + i] * b[bAt + i];
    }
    return aa == 0 || bb == 0 ? 0 : product / Math.sqrt(aa * bb);
  }

  /** The model's numbers. */
  ModelShape shape() {
    return shape;
  }

  /** How much a block turns the residual stream, 0 for not at all. */
  public double influence(int layer) {
    return 1 - cosines[layer] / tokens[layer];
  }

  /** Sum of the squares that a feed-forward channel took. */
  double inner(int layer, int channel) {
    return inner[layer][channel];
  }

  /** Sum of the squares that an element of a query head gave. */
  double attended(int layer, int element) {
    return attended[layer][element];
  }
}
