package dev.gearbox.opencl;

import dev.gearbox.format.model.ModelShape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Cosines and sines by which a step's tokens turn their heads. They are computed here, in doubles,
 * which few GPUs have: a float angle is off by a thousandth at position 30,000.
 *
 * <pre>
 *   global layers: [token][pair] cos, sin     windowed layers, where there are any: the same
 * </pre>
 */
final class RotaryAngles {
  private final int pairs;
  private final double[] global;
  private final double @Nullable [] local;

  /**
   * @param factors what frequencies of global layers are divided by, one for each pair
   */
  RotaryAngles(ModelShape shape, float @Nullable [] factors) {
    pairs = shape.ropeSize() / 2;
    global = frequencies(shape, shape.ropeBase(), shape.ropeScale(), factors);
    local = shape.window() > 0 ? frequencies(shape, shape.localRopeBase(), 1, null) : null;
  }

  private static double[] frequencies(
      ModelShape shape, double base, double scale, float @Nullable [] factors) {
    double[] frequencies = new double[shape.ropeSize() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double factor = factors == null ? 1 : factors[i];
      frequencies[i] = scale * Math.pow(base, -2.0 * i / shape.ropeSize()) / factor;
    }
    return frequencies;
  }

  /** Bytes for so many tokens. */
  long bytes(int tokens) {
    return (local == null ? 1L : 2L) * tokens * pairs * 2 * Float.BYTES;
  }

  /** Where the pairs of windowed layers begin when a step has so many tokens. */
  int localAt(int tokens) {
    return tokens * pairs;
  }

  /** Writes the pairs of a token at a position. */
  void put(MemorySegment out, int token, int position, int tokens) {
    put(out, (long) token * pairs, position, global);
    if (local != null) {
      put(out, localAt(tokens) + (long) token * pairs, position, local);
    }
  }

  private void put(MemorySegment out, long at, int position, double[] frequencies) {
    for (int i = 0; i < pairs; i++) {
      double angle = position * frequencies[i];
      out.setAtIndex(ValueLayout.JAVA_FLOAT, 2 * (at + i), (float) Math.cos(angle));
      out.setAtIndex(ValueLayout.JAVA_FLOAT, 2 * (at + i) + 1, (float) Math.sin(angle));
    }
  }
}
