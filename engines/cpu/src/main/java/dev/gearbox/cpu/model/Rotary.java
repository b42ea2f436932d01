package dev.gearbox.cpu.model;

import dev.gearbox.format.model.ModelShape;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding: turns pair {@code i} of a head by {@code position · base^(−2i/size)}.
 * The angles of a step's tokens are computed once and serve all layers.
 */
final class Rotary {
  private final int pairs;
  private final boolean halves;
  private final double[] frequencies;
  private final float[] cos;
  private final float[] sin;

  /**
   * @param factors what frequencies are divided by, one for each pair
   */
  Rotary(ModelShape shape, float base, float scale, float @Nullable [] factors, int maxTokens) {
    pairs = shape.ropeSize() / 2;
    halves = shape.architecture().rotatesHalves();
    frequencies = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      double factor = factors == null ? 1 : factors[i];
      frequencies[i] = scale * Math.pow(base, -2.0 * i / shape.ropeSize()) / factor;
    }
    cos = new float[maxTokens * pairs];
    sin = new float[maxTokens * pairs];
  }

  void prepare(int token, int position) {
    for (int i = 0; i < pairs; i++) {
      double angle = position * frequencies[i];
      cos[token * pairs + i] = (float) Math.cos(angle);
      sin[token * pairs + i] = (float) Math.sin(angle);
    }
  }

  /** Turns the head at {@code at} to the position of a token. */
  void turn(int token, float[] x, int at) {
    int step = halves ? 1 : 2;
    int partner = halves ? pairs : 1;
    int angle = token * pairs;
    for (int i = 0; i < pairs; i++) {
      int a = at + i * step;
      float c = cos[angle + i];
      float s = sin[angle + i];
      float u = x[a];
      float v = x[a + partner];
      x[a] = u * c - v * s;
      x[a + partner] = u * s + v * c;
    }
  }
}
