package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.R;
import static dev.gearbox.cpu.kernel.Lanes.S;
import static dev.gearbox.cpu.kernel.Lanes.SPAN;
import static dev.gearbox.cpu.kernel.Lanes.STEP;
import static dev.gearbox.cpu.kernel.Lanes.biasedHalves;
import static dev.gearbox.cpu.kernel.Lanes.bytes;
import static dev.gearbox.cpu.kernel.Lanes.floats;
import static dev.gearbox.cpu.kernel.Lanes.pair;
import static dev.gearbox.cpu.kernel.Lanes.pairSum;
import static dev.gearbox.cpu.kernel.Lanes.signedBytes;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Dot products of a group's rows with one row of quantized activations. A short lane holds one
 * weight of one row, an int lane a pair of them; products add up in shorts as long as they cannot
 * overflow, then in ints to the end of the block, then in floats:
 *
 * <pre>
 *   4 bits: 16 · 15 · 127 = 30,480      a whole block of 32 (16 products a lane)
 *   5 bits:  8 · 31 · 127 = 31,496      half a block
 *   6 bits:  4 · 63 · 127 = 32,004      a quarter
 *   8 bits:  2 · 128 · 127 = 32,512     2 products
 * </pre>
 */
final class VectorDots {
  private VectorDots() {}

  static void four(PackedMatrix matrix, int group, QuantizedRows x, int row, float[] out, int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    int scaleAt = matrix.type().scaleAt(R);
    // Without mins the offset takes their place: the scale is read again as if it were the min.
    int minAt = matrix.type().hasMins() ? matrix.type().minAt(R) : scaleAt;
    float minFactor = matrix.type().hasMins() ? 1 : matrix.type().offset();
    float unbias = Lanes.unbias(matrix.shift());
    int[] pairs = x.pairs;
    int block = x.block(row);
    int end = block + matrix.blocks();
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (long p = matrix.groupAt(group); block < end; block++, p += record) {
      ShortVector m0 = ShortVector.zero(S);
      ShortVector m1 = m0;
      for (int k = 0; k < 8; k++) {
        ShortVector low = pair(pairs[block * 16 + k]);
        ShortVector high = pair(pairs[block * 16 + 8 + k]);
        ShortVector b0 = bytes(w, p + k * STEP);
        ShortVector b1 = bytes(w, p + k * STEP + SPAN);
        m0 = m0.add(b0.and((short) 15).mul(low));
        m1 = m1.add(b1.and((short) 15).mul(low));
        m0 = m0.add(b0.lanewise(VectorOperators.LSHR, 4).mul(high));
        m1 = m1.add(b1.lanewise(VectorOperators.LSHR, 4).mul(high));
      }
      float scale = x.scales[block] * unbias;
      float sum = (x.sums[2 * block] + x.sums[2 * block + 1]) * unbias * minFactor;
      acc0 = biasedHalves(w, p + scaleAt).mul(scale).fma(floats(pairSum(m0)), acc0);
      acc1 = biasedHalves(w, p + scaleAt + SPAN).mul(scale).fma(floats(pairSum(m1)), acc1);
      acc0 = biasedHalves(w, p + minAt).mul(sum).add(acc0);
      acc1 = biasedHalves(w, p + minAt + SPAN).mul(sum).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  static void five(PackedMatrix matrix, int group, QuantizedRows x, int row, float[] out, int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    int planeAt = matrix.type().planeAt(R);
    int scaleAt = matrix.type().scaleAt(R);
    int minAt = matrix.type().hasMins() ? matrix.type().minAt(R) : scaleAt;
    float minFactor = matrix.type().hasMins() ? 1 : matrix.type().offset();
    float unbias = Lanes.unbias(matrix.shift());
    int[] pairs = x.pairs;
    int block = x.block(row);
    int end = block + matrix.blocks();
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (long p = matrix.groupAt(group); block < end; block++, p += record) {
      IntVector i0 = IntVector.zero(Lanes.I);
      IntVector i1 = i0;
      ShortVector low0 = bytes(w, p + planeAt).lanewise(VectorOperators.LSHL, 4);
      ShortVector high0 = bytes(w, p + planeAt + SPAN).lanewise(VectorOperators.LSHL, 4);
      ShortVector low1 = bytes(w, p + planeAt + 2 * SPAN).lanewise(VectorOperators.LSHL, 4);
      ShortVector high1 = bytes(w, p + planeAt + 3 * SPAN).lanewise(VectorOperators.LSHL, 4);
      for (int f = 0; f < 8; f += 4) {
        ShortVector m0 = ShortVector.zero(S);
        ShortVector m1 = m0;
        for (int k = f; k < f + 4; k++) {
          ShortVector xl = pair(pairs[block * 16 + k]);
          ShortVector xh = pair(pairs[block * 16 + 8 + k]);
          ShortVector b0 = bytes(w, p + k * STEP);
          ShortVector b1 = bytes(w, p + k * STEP + SPAN);
          m0 = m0.add(b0.and((short) 15).or(low0.and((short) 16)).mul(xl));
          m1 = m1.add(b1.and((short) 15).or(low1.and((short) 16)).mul(xl));
          b0 = b0.lanewise(VectorOperators.LSHR, 4);
          b1 = b1.lanewise(VectorOperators.LSHR, 4);
          m0 = m0.add(b0.or(high0.and((short) 16)).mul(xh));
          m1 = m1.add(b1.or(high1.and((short) 16)).mul(xh));
          low0 = low0.lanewise(VectorOperators.LSHR, 1);
          high0 = high0.lanewise(VectorOperators.LSHR, 1);
          low1 = low1.lanewise(VectorOperators.LSHR, 1);
          high1 = high1.lanewise(VectorOperators.LSHR, 1);
        }
        i0 = i0.add(pairSum(m0));
        i1 = i1.add(pairSum(m1));
      }
      float scale = x.scales[block] * unbias;
      float sum = (x.sums[2 * block] + x.sums[2 * block + 1]) * unbias * minFactor;
      acc0 = biasedHalves(w, p + scaleAt).mul(scale).fma(floats(i0), acc0);
      acc1 = biasedHalves(w, p + scaleAt + SPAN).mul(scale).fma(floats(i1), acc1);
      acc0 = biasedHalves(w, p + minAt).mul(sum).add(acc0);
      acc1 = biasedHalves(w, p + minAt + SPAN).mul(sum).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  static void six(PackedMatrix matrix, int group, QuantizedRows x, int row, float[] out, int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    int planeAt = matrix.type().planeAt(R);
    int scaleAt = matrix.type().scaleAt(R);
    float unbias = Lanes.unbias(matrix.shift());
    int offset = matrix.type().offset();
    int[] pairs = x.pairs;
    int block = x.block(row);
    int end = block + matrix.blocks();
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (long p = matrix.groupAt(group); block < end; block++, p += record) {
      float scale = x.scales[block];
      long plane = p + planeAt;
      float sumLow = x.sums[2 * block] * offset;
      FloatVector low0 = floats(sixteen(w, p, plane, pairs, block * 16, 0));
      FloatVector low1 = floats(sixteen(w, p + SPAN, plane + 4 * SPAN, pairs, block * 16, 0));
      low0 = low0.mul(scale).add(sumLow);
      low1 = low1.mul(scale).add(sumLow);
      acc0 = biasedHalves(w, p + scaleAt).mul(unbias).fma(low0, acc0);
      acc1 = biasedHalves(w, p + scaleAt + SPAN).mul(unbias).fma(low1, acc1);
      float sumHigh = x.sums[2 * block + 1] * offset;
      FloatVector high0 = floats(sixteen(w, p, plane + 2 * SPAN, pairs, block * 16 + 8, 4));
      FloatVector high1 = floats(sixteen(w, p + SPAN, plane + 6 * SPAN, pairs, block * 16 + 8, 4));
      high0 = high0.mul(scale).add(sumHigh);
      high1 = high1.mul(scale).add(sumHigh);
      acc0 = biasedHalves(w, p + scaleAt + 2 * SPAN).mul(unbias).fma(high0, acc0);
      acc1 = biasedHalves(w, p + scaleAt + 3 * SPAN).mul(unbias).fma(high1, acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  /** The 16 six-bit weights of half a group whose low four bits stand {@code shift} bits up. */
  private static IntVector sixteen(
      MemorySegment w, long quants, long plane, int[] pairs, int pairAt, int shift) {
    IntVector sum = IntVector.zero(Lanes.I);
    for (int f = 0; f < 2; f++) {
      ShortVector upper = bytes(w, plane + f * SPAN).lanewise(VectorOperators.LSHL, 4);
      ShortVector m = ShortVector.zero(S);
      for (int k = f * 4; k < f * 4 + 4; k++) {
        ShortVector q = bytes(w, quants + k * STEP).lanewise(VectorOperators.LSHR, shift);
        q = q.and((short) 15).or(upper.and((short) 48));
        m = m.add(q.mul(pair(pairs[pairAt + k])));
        upper = upper.lanewise(VectorOperators.LSHR, 2);
      }
      sum = sum.add(pairSum(m));
    }
    return sum;
  }

  static void eight(PackedMatrix matrix, int group, QuantizedRows x, int row, float[] out, int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    int scaleAt = matrix.type().scaleAt(R);
    float unbias = Lanes.unbias(matrix.shift());
    int[] pairs = x.pairs;
    int block = x.block(row);
    int end = block + matrix.blocks();
    FloatVector acc0 = FloatVector.zero(F);
    FloatVector acc1 = acc0;
    for (long p = matrix.groupAt(group); block < end; block++, p += record) {
      IntVector i0 = IntVector.zero(Lanes.I);
      IntVector i1 = i0;
      for (int k = 0; k < 16; k += 2) {
        ShortVector xa = pair(pairs[block * 16 + k]);
        ShortVector xb = pair(pairs[block * 16 + k + 1]);
        long q = p + k * STEP;
        i0 = i0.add(pairSum(signedBytes(w, q).mul(xa).add(signedBytes(w, q + STEP).mul(xb))));
        i1 =
            i1.add(
                pairSum(
                    signedBytes(w, q + SPAN).mul(xa).add(signedBytes(w, q + STEP + SPAN).mul(xb))));
      }
      float scale = x.scales[block] * unbias;
      acc0 = biasedHalves(w, p + scaleAt).mul(scale).fma(floats(i0), acc0);
      acc1 = biasedHalves(w, p + scaleAt + SPAN).mul(scale).fma(floats(i1), acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }
}
