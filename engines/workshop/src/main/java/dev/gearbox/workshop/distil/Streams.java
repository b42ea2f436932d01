package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.model.LayerWalk;
import dev.gearbox.cpu.model.Probe;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.jspecify.annotations.Nullable;

/** The residual streams of all windows of a text on their way through a model. */
final class Streams implements AutoCloseable {
  private final int[][] windows;
  private final CpuWorkers workers;
  private final Runnable step;
  private final LayerWalk walk;
  private final int size;
  private final float[][] streams;
  private int layer;
  private Probe.@Nullable Point watched;
  private float[] seen = {};

  /**
   * At the entry of the first layer.
   *
   * @param windows of tokens, as the model reads them
   * @param step told whenever a window has gone through a layer
   */
  Streams(GgufFile file, CpuWorkers workers, int[][] windows, Runnable step) {
    this.windows = windows;
    this.workers = workers;
    this.step = step;
    size = ModelShape.of(file).size();
    walk = new LayerWalk(file, workers, windows[0].length, this::see);
    streams = Arrays.stream(windows).map(walk::embed).toArray(float[][]::new);
  }

  private void see(Probe.Point point, int at, float[] values, int rows, int width) {
    if (point == watched) {
      seen = Arrays.copyOf(values, rows * width);
    }
  }

  /** Goes on to the entry of a layer. */
  void enter(int next) {
    watched = null;
    while (layer < next) {
      for (int i = 0; i < windows.length; i++) {
        through(i);
      }
      layer++;
    }
  }

  /** Goes through the next layer; for each window, the rows that went by at a point of it. */
  float[][] pass(Probe.Point point) {
    watched = point;
    float[][] values = new float[windows.length][];
    for (int i = 0; i < windows.length; i++) {
      through(i);
      values[i] = seen;
    }
    layer++;
    return values;
  }

  private void through(int window) {
    walk.layer(layer, windows[window], streams[window]);
    step.run();
  }

  /** The stream of a window, where it is now: rows of {@code size} floats. */
  float[] of(int window) {
    return streams[window];
  }

  /** Adds {@code inputs·map} to the stream of a window. */
  void add(int window, float[] inputs, DMatrixRMaj map) {
    float[] stream = streams[window];
    workers.run(
        new Jobs(
            stream.length / size,
            row -> {
              for (int k = 0; k < map.numRows; k++) {
                double factor = inputs[row * map.numRows + k];
                for (int i = 0; i < size; i++) {
                  stream[row * size + i] += (float) (factor * map.data[k * size + i]);
                }
              }
            }));
  }

  @Override
  public void close() {
    walk.close();
  }
}
