package dev.gearbox.workshop.quantize;

/**
 * Finds {@code x ≈ d·q + m} with q of 0 to {@code levels} that loses least in weighted squares: for
 * given integers d and m solve two linear equations, so grids around the one that just spans the
 * elements are rounded to and solved, and the best is kept. Holds its answer and scratch memory:
 * one thread.
 */
final class AffineSearch {
  private static final int GRIDS = 10;
  private static final float SPREAD = 0.1f;
  private static final float NARROWEST = -1f;

  /** The scale found. */
  float scale;

  /** The offset found, m. */
  float offset;

  private final float[] tried = new float[32];
  private float triedScale;
  private float triedOffset;

  /**
   * Searches.
   *
   * @param n elements, 32 at most
   * @param w weight of each element's squared error
   * @param negative whether m must not be above zero, as where it is stored as an unsigned minimum
   */
  void search(float[] x, int at, int n, float[] w, int levels, boolean negative) {
    float low = x[at];
    float high = x[at];
    for (int i = 1; i < n; i++) {
      low = Math.min(low, x[at + i]);
      high = Math.max(high, x[at + i]);
    }
    if (negative) {
      low = Math.min(low, 0);
    }
    scale = (high - low) / levels;
    offset = low;
    if (!(high - low > Float.MIN_NORMAL)) {
      scale = 0;
      return;
    }
    double least = Double.MAX_VALUE;
    for (int step = 0; step <= 2 * GRIDS; step++) {
      float inverse = (levels + NARROWEST + SPREAD * step) / (high - low);
      double error = solve(x, at, n, w, levels, negative, low, inverse);
      if (error < least) {
        least = error;
        scale = triedScale;
        offset = triedOffset;
      }
    }
    polish(x, at, n, w, levels, negative, least);
  }

  private void polish(
      float[] x, int at, int n, float[] w, int levels, boolean negative, double least) {
    for (int i = 0; i < 2 && scale > 0; i++) {
      double error = solve(x, at, n, w, levels, negative, offset, 1 / scale);
      if (!(error < least)) {
        return;
      }
      least = error;
      scale = triedScale;
      offset = triedOffset;
    }
  }

  /** The error of the best line through a rounding; leaves the line. */
  private double solve(
      float[] x, int at, int n, float[] w, int levels, boolean negative, float low, float inverse) {
    for (int i = 0; i < n; i++) {
      tried[i] = Math.max(0, Math.min(levels, (x[at + i] - low) * inverse));
    }
    double sumW = 0;
    double sumQ = 0;
    double sumQq = 0;
    double sumX = 0;
    double sumXq = 0;
    double sumXx = 0;
    for (int i = 0; i < n; i++) {
      float q = Rounding.nearest(tried[i]);
      float wq = w[i] * q;
      float wx = w[i] * x[at + i];
      sumW += w[i];
      sumQ += wq;
      sumQq += wq * q;
      sumX += wx;
      sumXq += wx * q;
      sumXx += wx * x[at + i];
    }
    double determinant = sumW * sumQq - sumQ * sumQ;
    if (!(determinant > 0)) {
      return Double.MAX_VALUE;
    }
    double d = (sumW * sumXq - sumX * sumQ) / determinant;
    double m = (sumQq * sumX - sumQ * sumXq) / determinant;
    if (negative && m > 0) {
      m = 0;
      d = sumXq / sumQq;
    }
    triedScale = (float) d;
    triedOffset = (float) m;
    double fitted = d * d * sumQq + m * m * sumW + 2 * d * m * sumQ;
    return d > 0 ? sumXx + fitted - 2 * (d * sumXq + m * sumX) : Double.MAX_VALUE;
  }

  /** Rounds to a given line. */
  static void quants(
      float[] x, int at, int n, float scale, float offset, int levels, int[] q, int qAt) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int i = 0; i < n; i++) {
      q[qAt + i] = Rounding.nearest((x[at + i] - offset) * inverse, 0, levels);
    }
  }
}
