package dev.gearbox.workshop.quantize;

/**
 * Finds {@code x ≈ d·(q − half)} with q of 0 to 2·half − 1 that loses least in weighted squares.
 * For given integers the best scale is {@code Σwxq / Σwqq}, and it explains {@code (Σwxq)² / Σwqq}
 * of {@code Σwxx}: grids around the one that just holds the largest element are tried, and the one
 * that explains most is polished by rounding to its own best scale until that gains nothing.
 * Scratch memory inside: one thread.
 */
final class SymmetricSearch {
  private static final int GRIDS = 9;
  private static final float SPREAD = 0.1f;
  private static final int POLISHES = 4;

  private final float[] tried = new float[32];
  private float product;
  private float square;

  /**
   * The best scale of {@code n} elements, 32 at most; 0 where all are zero.
   *
   * @param w weight of each element's squared error
   */
  float scale(float[] x, int at, int n, float[] w, int half) {
    float most = 0;
    for (int i = 0; i < n; i++) {
      most = Math.abs(x[at + i]) > Math.abs(most) ? x[at + i] : most;
    }
    if (Math.abs(most) < Float.MIN_NORMAL) {
      return 0;
    }
    float explained = 0;
    float scale = most / -half;
    for (int step = -GRIDS; step <= GRIDS; step++) {
      float gain = round(x, at, n, w, half, (-half + SPREAD * step) / most);
      if (gain > explained) {
        explained = gain;
        scale = product / square;
      }
    }
    for (int i = 0; i < POLISHES; i++) {
      float gain = round(x, at, n, w, half, 1 / scale);
      if (!(gain > explained)) {
        break;
      }
      explained = gain;
      scale = product / square;
    }
    return scale;
  }

  /** What the grid explains; leaves its sums. */
  private float round(float[] x, int at, int n, float[] w, int half, float inverse) {
    for (int i = 0; i < n; i++) {
      float q = x[at + i] * inverse;
      tried[i] = Math.max(-half, Math.min(half - 1, q));
    }
    product = 0;
    square = 0;
    for (int i = 0; i < n; i++) {
      float q = Rounding.nearest(tried[i]);
      float wq = w[i] * q;
      product += wq * x[at + i];
      square += wq * q;
    }
    return square > 0 ? product * product / square : 0;
  }

  /** Rounds to a given scale, 0 and up. */
  static void quants(float[] x, int at, int n, float scale, int half, int[] q, int qAt) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int i = 0; i < n; i++) {
      q[qAt + i] = Rounding.nearest(x[at + i] * inverse, -half, half - 1) + half;
    }
  }
}
