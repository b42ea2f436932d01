package dev.gearbox.workshop.prune;

import dev.gearbox.cpu.model.LayerWalk;
import dev.gearbox.cpu.model.Probe;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.workshop.Progress;
import dev.gearbox.workshop.Reading;
import dev.gearbox.workshop.quantize.Importance;
import java.util.Arrays;

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

  private Activity(ModelShape shape) {
    this.shape = shape;
    cosines = new double[shape.layers()];
    tokens = new long[shape.layers()];
    inner = new double[shape.layers()][shape.inner()];
    attended = new double[shape.layers()][shape.querySize()];
  }

  /**
   * Lets a model read, layer by layer: in memory are the weights of one, and the residual streams
   * of the whole text.
   *
   * @param progress in windows of the text, each through every layer
   * @throws IllegalArgumentException when the text is too short
   */
  public static Activity measure(
      GgufFile file, String text, CpuWorkers workers, Progress progress) {
    Activity activity = new Activity(ModelShape.of(file));
    int[][] windows = Reading.windows(file, text);
    int layers = activity.shape.layers();
    try (LayerWalk walk = new LayerWalk(file, workers, windows[0].length, activity)) {
      float[][] streams = Arrays.stream(windows).map(walk::embed).toArray(float[][]::new);
      for (int layer = 0; layer < layers; layer++) {
        for (int i = 0; i < windows.length; i++) {
          float[] before = streams[i].clone();
          walk.layer(layer, windows[i], streams[i]);
          activity.turned(layer, before, streams[i]);
          progress.at((long) layer * windows.length + i + 1, (long) layers * windows.length);
        }
      }
    }
    return activity;
  }

  @Override
  public void see(Point point, int layer, float[] values, int rows, int width) {
    switch (point) {
      case INNER -> Importance.addSquares(inner[layer], values, rows, width);
      case ATTENDED -> Importance.addSquares(attended[layer], values, rows, width);
      case HIDDEN, ATTENTION_INPUT, FEED_FORWARD_INPUT, FEED_FORWARD_OUTPUT, LOGITS_INPUT -> {}
    }
  }

  private void turned(int layer, float[] before, float[] behind) {
    int width = shape.size();
    for (int at = 0; at < behind.length; at += width) {
      cosines[layer] += cosine(before, behind, at, width);
      tokens[layer]++;
    }
  }

  private static double cosine(float[] a, float[] b, int at, int n) {
    double product = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < n; i++) {
      product += a[at + i] * b[at + i];
      aa += a[at + i] * a[at + i];
      bb += b[at + i] * b[at + i];
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
