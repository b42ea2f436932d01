package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.HALF_I;
import static dev.gearbox.cpu.kernel.Lanes.I;
import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/** Element by element; what does not fill a vector goes to {@link ScalarElements}. */
final class VectorElements {
  // exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x − n ln 2 in two parts; exp(r) by its Taylor
  // series to r^7, below half a unit in the last place for |r| ≤ ln 2 / 2. Adding 1.5 · 2^23 rounds
  // and leaves n in the low bits.
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.1219444e-4f;
  private static final float ROUND = 12582912f;
  private static final float LIMIT = 87f;

  private static final int SIGN = 0x80000000;
  private static final int HALF = Float.floatToRawIntBits(0.5f);

  private static final VectorShuffle<Float> ONE_ON = on(1);
  private static final VectorShuffle<Float> TWO_ON = on(2);
  private static final VectorShuffle<Float> FOUR_ON = on(4);
  private static final VectorShuffle<Float> EIGHT_ON = on(8);

  private VectorElements() {}

  private static VectorShuffle<Float> on(int lanes) {
    return VectorShuffle.iota(F, lanes % L, 1, true);
  }

  private static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(-LIMIT).min(LIMIT);
    FloatVector shifted = clamped.mul(LOG2_E).add(ROUND);
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), clamped);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    FloatVector y = FloatVector.broadcast(F, 1f / 5040);
    y = y.fma(r, FloatVector.broadcast(F, 1f / 720));
    y = y.fma(r, FloatVector.broadcast(F, 1f / 120));
    y = y.fma(r, FloatVector.broadcast(F, 1f / 24));
    y = y.fma(r, FloatVector.broadcast(F, 1f / 6));
    y = y.fma(r, FloatVector.broadcast(F, 0.5f));
    y = y.fma(r, FloatVector.broadcast(F, 1f));
    y = y.fma(r, FloatVector.broadcast(F, 1f));
    IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return y.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /**
   * All lanes added, in pairs that are far apart first: the order of {@code reduceLanes} changes
   * once it is compiled, and an array of the lanes would be garbage.
   */
  private static float addLanes(FloatVector v) {
    FloatVector sums = v;
    if (L > 8) {
      sums = sums.add(sums.rearrange(EIGHT_ON));
    }
    if (L > 4) {
      sums = sums.add(sums.rearrange(FOUR_ON));
    }
    sums = sums.add(sums.rearrange(TWO_ON));
    return sums.add(sums.rearrange(ONE_ON)).lane(0);
  }

  static void addProduct(
      float[] weights, int weightsAt, int n, float[] x, int xAt, float[] out, int at) {
    // Four sums at a time, as one would wait for each addition to end.
    FloatVector a = FloatVector.fromArray(F, out, at);
    FloatVector b = FloatVector.zero(F);
    FloatVector c = FloatVector.zero(F);
    FloatVector d = FloatVector.zero(F);
    int k = 0;
    for (int from = weightsAt; k <= n - 4; k += 4, from += 4 * L) {
      a = FloatVector.fromArray(F, weights, from).fma(column(x[xAt + k]), a);
      b = FloatVector.fromArray(F, weights, from + L).fma(column(x[xAt + k + 1]), b);
      c = FloatVector.fromArray(F, weights, from + 2 * L).fma(column(x[xAt + k + 2]), c);
      d = FloatVector.fromArray(F, weights, from + 3 * L).fma(column(x[xAt + k + 3]), d);
    }
    for (; k < n; k++) {
      a = FloatVector.fromArray(F, weights, weightsAt + k * L).fma(column(x[xAt + k]), a);
    }
    a.add(b).add(c.add(d)).intoArray(out, at);
  }

  private static FloatVector column(float x) {
    return FloatVector.broadcast(F, x);
  }

  static float max(float[] x, int at, int n) {
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - L; i += L) {
      most = most.max(FloatVector.fromArray(F, x, at + i));
    }
    return Math.max(most.reduceLanes(VectorOperators.MAX), ScalarElements.max(x, at + i, n - i));
  }

  static float inner(float[] x, int at, MemorySegment y, long yAt, int n) {
    FloatVector even = FloatVector.zero(F);
    FloatVector odd = even;
    for (int i = 0; i < n; i += 2 * L) {
      FloatVector u = FloatVector.fromMemorySegment(F, y, yAt + 4L * i, LE);
      FloatVector v = FloatVector.fromMemorySegment(F, y, yAt + 4L * (i + L), LE);
      even = u.fma(FloatVector.fromArray(F, x, at + i), even);
      odd = v.fma(FloatVector.fromArray(F, x, at + i + L), odd);
    }
    return addLanes(even.add(odd));
  }

  static float expSum(float[] x, int at, int n, float max) {
    FloatVector sum = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, at + i).sub(max);
      // What is masked stands at negative infinity and weighs nothing at all.
      FloatVector e = exp(v).blend(0f, v.lt(-LIMIT));
      e.intoArray(x, at + i);
      sum = sum.add(e);
    }
    return addLanes(sum) + ScalarElements.expSum(x, at + i, n - i, max);
  }

  static void scale(float[] x, int at, int n, float factor) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, x, at + i).mul(factor).intoArray(x, at + i);
    }
    ScalarElements.scale(x, at + i, n - i, factor);
  }

  static void add(float[] x, int at, float[] y, int yAt, int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, x, at + i)
          .add(FloatVector.fromArray(F, y, yAt + i))
          .intoArray(x, at + i);
    }
    ScalarElements.add(x, at + i, y, yAt + i, n - i);
  }

  static void rmsNorm(
      float[] x, int at, int n, float[] weight, float epsilon, float[] out, int outAt) {
    FloatVector squares = FloatVector.zero(F);
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      squares = v.fma(v, squares);
    }
    float sum = addLanes(squares);
    for (; i < n; i++) {
      sum += x[at + i] * x[at + i];
    }
    float factor = (float) (1 / Math.sqrt(sum / n + epsilon));
    i = 0;
    for (; i <= n - L; i += L) {
      FloatVector.fromArray(F, x, at + i)
          .mul(factor)
          .mul(FloatVector.fromArray(F, weight, i))
          .intoArray(out, outAt + i);
    }
    for (; i < n; i++) {
      out[outAt + i] = x[at + i] * factor * weight[i];
    }
  }

  static void swiglu(float[] gate, float[] up, int at, int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector g = FloatVector.fromArray(F, gate, at + i);
      FloatVector u = FloatVector.fromArray(F, up, at + i);
      g.mul(u).div(exp(g.neg()).add(1f)).intoArray(gate, at + i);
    }
    ScalarElements.swiglu(gate, up, at + i, n - i);
  }

  static void geglu(float[] gate, float[] up, int at, int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector g = FloatVector.fromArray(F, gate, at + i);
      FloatVector u = FloatVector.fromArray(F, up, at + i);
      // 0.5 (1 + tanh z) = 1 / (1 + exp(−2 z))
      FloatVector z = g.mul(g).mul(ScalarElements.GELU_CUBE).add(1f).mul(g);
      FloatVector e = exp(z.mul(-2 * ScalarElements.GELU_SCALE));
      g.mul(u).div(e.add(1f)).intoArray(gate, at + i);
    }
    ScalarElements.geglu(gate, up, at + i, n - i);
  }

  static void quantize(float[] x, int at, QuantizedRows out, int row) {
    int block = out.block(row);
    for (int b = 0; b < out.blocks(); b++, block++, at += PackedMatrix.BLOCK) {
      FloatVector most = FloatVector.zero(F);
      for (int i = 0; i < PackedMatrix.BLOCK; i += L) {
        most = most.max(FloatVector.fromArray(F, x, at + i).abs());
      }
      quantizeBlock(x, at, most.reduceLanes(VectorOperators.MAX), out, block);
    }
  }

  private static void quantizeBlock(float[] x, int at, float most, QuantizedRows out, int block) {
    float inverse = most == 0 ? 0 : 127 / most;
    out.scales[block] = most / 127;
    for (int half = 0; half < 2; half++) {
      IntVector total = IntVector.zero(I);
      for (int i = 16 * half; i < 16 * half + 16; i += L) {
        FloatVector v = FloatVector.fromArray(F, x, at + i).mul(inverse);
        FloatVector nearest = v.reinterpretAsInts().and(SIGN).or(HALF).reinterpretAsFloats();
        IntVector q = (IntVector) v.add(nearest).convertShape(VectorOperators.F2I, I, 0);
        total = total.add(q);
        LongVector pair = q.and(0xffff).reinterpretAsLongs();
        pair = pair.or(pair.lanewise(VectorOperators.LSHR, 16));
        ((IntVector) pair.convertShape(VectorOperators.L2I, HALF_I, 0))
            .intoArray(out.pairs, block * 16 + i / 2);
      }
      out.totals[2 * block + half] = total.reduceLanes(VectorOperators.ADD);
    }
  }
}
