package dev.gearbox.workshop.quantize;

import dev.gearbox.format.gguf.BlockParts;

/**
 * Blocks of 256 whose sub-blocks' scales are integers themselves. Each sub-block is searched alone;
 * the largest scale sets that of the block; then each sub-block takes, of the integers next to its
 * own scale, those that lose least once its elements are rounded to them, and at last the block's
 * scale is fitted to all that was chosen. Scratch memory inside: one thread.
 */
final class SuperBlocks {
  private static final int SIZE = 256;

  private final SymmetricSearch symmetric = new SymmetricSearch();
  private final AffineSearch affine = new AffineSearch();
  private final float[] w = new float[SIZE];
  private final float[] scales = new float[16];
  private final float[] minima = new float[16];
  private final int[] tried = new int[32];

  /**
   * A type without minima.
   *
   * @param weights of squared errors, 256
   * @param half quants are 0 to 2·half − 1, that of zero being half
   * @param lowest scale of a sub-block, negative; the highest is {@code −lowest − 1}
   */
  void symmetric(
      float[] x, int at, float[] weights, int sub, int half, int lowest, BlockParts parts) {
    int subs = SIZE / sub;
    float most = 0;
    for (int s = 0; s < subs; s++) {
      System.arraycopy(weights, s * sub, w, 0, sub);
      scales[s] = symmetric.scale(x, at + s * sub, sub, w, half);
      most = Math.abs(scales[s]) > Math.abs(most) ? scales[s] : most;
    }
    parts.scale = Rounding.half(most / lowest);
    for (int s = 0; s < subs; s++) {
      int from = at + s * sub;
      int own = parts.scale == 0 ? 0 : Math.round(scales[s] / parts.scale);
      float least = Float.MAX_VALUE;
      for (int scale = own - 1; scale <= own + 1; scale++) {
        if (scale < lowest || scale >= -lowest) {
          continue;
        }
        float d = parts.scale * scale;
        SymmetricSearch.quants(x, from, sub, d, half, tried, 0);
        float error = 0;
        for (int i = 0; i < sub; i++) {
          float off = x[from + i] - d * (tried[i] - half);
          error += weights[s * sub + i] * off * off;
        }
        if (error < least) {
          least = error;
          parts.scales[s] = scale;
          System.arraycopy(tried, 0, parts.quants, s * sub, sub);
        }
      }
    }
    fitSymmetric(x, at, weights, sub, half, parts);
  }

  private static void fitSymmetric(
      float[] x, int at, float[] weights, int sub, int half, BlockParts parts) {
    double product = 0;
    double square = 0;
    for (int i = 0; i < SIZE; i++) {
      float q = parts.scales[i / sub] * (parts.quants[i] - half);
      product += weights[i] * q * x[at + i];
      square += weights[i] * q * q;
    }
    if (square > 0) {
      parts.scale = Rounding.half((float) (product / square));
    }
  }

  /**
   * A type with minima.
   *
   * @param weights of squared errors, 256
   * @param levels quants are 0 to this
   * @param highest scale and minimum of a sub-block
   */
  void affine(
      float[] x, int at, float[] weights, int sub, int levels, int highest, BlockParts parts) {
    int subs = SIZE / sub;
    float mostScale = 0;
    float mostMinimum = 0;
    for (int s = 0; s < subs; s++) {
      System.arraycopy(weights, s * sub, w, 0, sub);
      affine.search(x, at + s * sub, sub, w, levels, true);
      scales[s] = affine.scale;
      minima[s] = -affine.offset;
      mostScale = Math.max(mostScale, scales[s]);
      mostMinimum = Math.max(mostMinimum, minima[s]);
    }
    parts.scale = Rounding.half(mostScale / highest);
    parts.minimum = Rounding.half(mostMinimum / highest);
    for (int s = 0; s < subs; s++) {
      chooseAffine(x, at + s * sub, weights, s, sub, levels, highest, parts);
    }
    fitAffine(x, at, weights, sub, parts);
  }

  private void chooseAffine(
      float[] x,
      int from,
      float[] weights,
      int s,
      int sub,
      int levels,
      int highest,
      BlockParts parts) {
    int ownScale = parts.scale == 0 ? 0 : Math.round(scales[s] / parts.scale);
    int ownMinimum = parts.minimum == 0 ? 0 : Math.round(minima[s] / parts.minimum);
    float least = Float.MAX_VALUE;
    for (int scale = Math.max(0, ownScale - 1); scale <= ownScale + 1; scale++) {
      for (int minimum = Math.max(0, ownMinimum - 1); minimum <= ownMinimum + 1; minimum++) {
        if (scale > highest || minimum > highest) {
          continue;
        }
        float d = parts.scale * scale;
        float m = -parts.minimum * minimum;
        AffineSearch.quants(x, from, sub, d, m, levels, tried, 0);
        float error = 0;
        for (int i = 0; i < sub; i++) {
          float off = x[from + i] - d * tried[i] - m;
          error += weights[s * sub + i] * off * off;
        }
        if (error < least) {
          least = error;
          parts.scales[s] = scale;
          parts.minima[s] = minimum;
          System.arraycopy(tried, 0, parts.quants, s * sub, sub);
        }
      }
    }
  }

  /** The block's scale and minimum that fit best to the integers that were chosen. */
  private static void fitAffine(float[] x, int at, float[] weights, int sub, BlockParts parts) {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double ax = 0;
    double bx = 0;
    for (int i = 0; i < SIZE; i++) {
      double w = weights[i];
      double a = parts.scales[i / sub] * parts.quants[i];
      double b = -parts.minima[i / sub];
      aa += w * a * a;
      ab += w * a * b;
      bb += w * b * b;
      ax += w * a * x[at + i];
      bx += w * b * x[at + i];
    }
    double determinant = aa * bb - ab * ab;
    if (determinant > 1e-6 * aa * bb) {
      float scale = Rounding.half((float) ((ax * bb - bx * ab) / determinant));
      float minimum = Rounding.half((float) ((aa * bx - ab * ax) / determinant));
      if (scale > 0 && minimum >= 0) {
        parts.scale = scale;
        parts.minimum = minimum;
      }
    }
  }
}
