package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.I;
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
 * overflow, then in ints to the end of the block:
 *
 * <pre>
 *   4 bits: 16 · 15 · 127 = 30,480      a whole block of 32 (16 products a lane)
 *   5 bits:  8 · 31 · 127 = 31,496      half a block
 *   6 bits:  4 · 63 · 127 = 32,004      a quarter
 *   8 bits:  2 · 128 · 127 = 32,512     2 products
 * </pre>
 *
 * Integer sums of a few blocks go to memory, where a second loop scales them into floats. As one
 * loop the two make C2 reach its NodeCountInliningCutoff: it then boxes vectors at each call.
 */
final class VectorDots {
  private static final int CHUNK = Kernels.SUMS / (8 * R);

  private VectorDots() {}

  static void dot(
      PackedMatrix matrix, int group, QuantizedRows x, int row, int[] sums, float[] out, int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    int block = x.block(row);
    int end = block + matrix.blocks();
    FloatVector.zero(F).intoArray(out, at);
    FloatVector.zero(F).intoArray(out, at + L);
    for (long p = matrix.groupAt(group); block < end; block += CHUNK, p += CHUNK * (long) record) {
      int blocks = Math.min(CHUNK, end - block);
      switch (matrix.type()) {
        case NIBBLE, NIBBLE_OFFSET -> four(w, p, record, x.pairs, block, blocks, sums);
        case FIVE, FIVE_OFFSET -> five(w, p, record, x.pairs, block, blocks, sums);
        case SIX -> six(w, p, record, x.pairs, block, blocks, sums);
        case BYTE -> eight(w, p, record, x.pairs, block, blocks, sums);
        case HALF, BRAIN, FLOAT -> throw ScalarKernels.notQuantized(matrix.type());
      }
      if (matrix.type() == PackedType.SIX) {
        scaleSixteens(matrix, p, x, block, blocks, sums, out, at);
      } else {
        scale(matrix, p, x, block, blocks, sums, out, at);
      }
    }
  }

  private static void four(
      MemorySegment w, long p, int record, int[] pairs, int block, int blocks, int[] sums) {
    for (int to = 0, xAt = block * 16; to < blocks * R; to += R, xAt += 16, p += record) {
      ShortVector m0 = ShortVector.zero(S);
      ShortVector m1 = m0;
      for (int k = 0; k < 8; k++) {
        ShortVector low = pair(pairs[xAt + k]);
        ShortVector high = pair(pairs[xAt + 8 + k]);
        ShortVector b0 = bytes(w, p + k * STEP);
        ShortVector b1 = bytes(w, p + k * STEP + SPAN);
        m0 = m0.add(b0.and((short) 15).mul(low));
        m1 = m1.add(b1.and((short) 15).mul(low));
        m0 = m0.add(b0.lanewise(VectorOperators.LSHR, 4).mul(high));
        m1 = m1.add(b1.lanewise(VectorOperators.LSHR, 4).mul(high));
      }
      pairSum(m0).intoArray(sums, to);
      pairSum(m1).intoArray(sums, to + L);
    }
  }

  private static void five(
      MemorySegment w, long p, int record, int[] pairs, int block, int blocks, int[] sums) {
    // Half groups, one after the other: h is the first byte of the half in a row of bytes.
    for (int to = 0, xAt = block * 16; to < blocks * R; xAt += 16, p += record) {
      for (long h = 0; h < 2 * SPAN; h += SPAN, to += L) {
        ShortVector upperLow = bytes(w, p + 16L * R + 2 * h).lanewise(VectorOperators.LSHL, 4);
        ShortVector upperHigh =
            bytes(w, p + 16L * R + 2 * h + SPAN).lanewise(VectorOperators.LSHL, 4);
        ShortVector low = ShortVector.zero(S);
        ShortVector high = low;
        for (int k = 0; k < 8; k++) {
          ShortVector b = bytes(w, p + h + k * STEP);
          ShortVector fifth = upperLow.lanewise(VectorOperators.LSHR, k).and((short) 16);
          low = low.add(b.and((short) 15).or(fifth).mul(pair(pairs[xAt + k])));
          fifth = upperHigh.lanewise(VectorOperators.LSHR, k).and((short) 16);
          b = b.lanewise(VectorOperators.LSHR, 4).or(fifth);
          high = high.add(b.mul(pair(pairs[xAt + 8 + k])));
        }
        pairSum(low).add(pairSum(high)).intoArray(sums, to);
      }
    }
  }

  /** Sums of eight weights of all rows: 0 to 7, 16 to 23, 8 to 15, 24 to 31. */
  private static void six(
      MemorySegment w, long p, int record, int[] pairs, int block, int blocks, int[] sums) {
    for (int b = 0; b < blocks; b++, p += record) {
      for (int part = 0; part < 4; part++) {
        // Half group h, and first or second half f of the weights that share a scale.
        long h = (part & 1) * SPAN;
        int f = part >> 1;
        int xAt = (block + b) * 16 + 4 * f;
        long q = p + h + 4L * f * STEP;
        long plane = p + 16L * R + 4 * h + f * SPAN;
        ShortVector upperLow = bytes(w, plane).lanewise(VectorOperators.LSHL, 4);
        ShortVector upperHigh = bytes(w, plane + 2 * SPAN).lanewise(VectorOperators.LSHL, 4);
        ShortVector low = ShortVector.zero(S);
        ShortVector high = low;
        for (int k = 0; k < 4; k++) {
          ShortVector v = bytes(w, q + k * STEP);
          ShortVector upper = upperLow.lanewise(VectorOperators.LSHR, 2L * k).and((short) 48);
          low = low.add(v.and((short) 15).or(upper).mul(pair(pairs[xAt + k])));
          upper = upperHigh.lanewise(VectorOperators.LSHR, 2L * k).and((short) 48);
          v = v.lanewise(VectorOperators.LSHR, 4).or(upper);
          high = high.add(v.mul(pair(pairs[xAt + 8 + k])));
        }
        int to = (4 * b + 2 * f) * R + (int) h / 2;
        pairSum(low).intoArray(sums, to);
        pairSum(high).intoArray(sums, to + R);
      }
    }
  }

  private static void eight(
      MemorySegment w, long p, int record, int[] pairs, int block, int blocks, int[] sums) {
    for (int to = 0, xAt = block * 16; to < blocks * R; to += R, xAt += 16, p += record) {
      IntVector i0 = IntVector.zero(I);
      IntVector i1 = i0;
      for (int k = 0; k < 16; k += 2) {
        ShortVector xa = pair(pairs[xAt + k]);
        ShortVector xb = pair(pairs[xAt + k + 1]);
        long q = p + k * STEP;
        ShortVector m0 = signedBytes(w, q).mul(xa);
        ShortVector m1 = signedBytes(w, q + SPAN).mul(xa);
        i0 = i0.add(pairSum(m0.add(signedBytes(w, q + STEP).mul(xb))));
        i1 = i1.add(pairSum(m1.add(signedBytes(w, q + STEP + SPAN).mul(xb))));
      }
      i0.intoArray(sums, to);
      i1.intoArray(sums, to + L);
    }
  }

  private static void scale(
      PackedMatrix matrix,
      long p,
      QuantizedRows x,
      int block,
      int blocks,
      int[] sums,
      float[] out,
      int at) {
    MemorySegment w = matrix.data();
    PackedType type = matrix.type();
    int record = matrix.recordBytes();
    // Without mins the scale is read again and weighs nothing.
    long minAt = type.hasMins() ? 2L * R : 0;
    float unbias = Lanes.unbias(matrix.shift());
    float mins = type.hasMins() ? 1 : 0;
    int lift = type.offset();
    FloatVector acc0 = FloatVector.fromArray(F, out, at);
    FloatVector acc1 = FloatVector.fromArray(F, out, at + L);
    p += type.scaleAt(R);
    for (int i = 0; i < blocks; i++, p += record) {
      float scale = x.scales[block + i] * unbias;
      int total = x.totals[2 * (block + i)] + x.totals[2 * (block + i) + 1];
      IntVector q0 = IntVector.fromArray(I, sums, i * R).add(total * lift);
      IntVector q1 = IntVector.fromArray(I, sums, i * R + L).add(total * lift);
      FloatVector sum = FloatVector.broadcast(F, total * scale * mins);
      FloatVector m0 = biasedHalves(w, p + minAt).mul(sum);
      FloatVector m1 = biasedHalves(w, p + minAt + SPAN).mul(sum);
      acc0 = biasedHalves(w, p).mul(scale).fma(floats(q0), m0).add(acc0);
      acc1 = biasedHalves(w, p + SPAN).mul(scale).fma(floats(q1), m1).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  private static void scaleSixteens(
      PackedMatrix matrix,
      long p,
      QuantizedRows x,
      int block,
      int blocks,
      int[] sums,
      float[] out,
      int at) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    float unbias = Lanes.unbias(matrix.shift());
    int offset = matrix.type().offset();
    FloatVector acc0 = FloatVector.fromArray(F, out, at);
    FloatVector acc1 = FloatVector.fromArray(F, out, at + L);
    p += matrix.type().scaleAt(R);
    for (int i = 0; i < 2 * blocks; i++) {
      float scale = x.scales[block + i / 2] * unbias;
      int lift = x.totals[2 * block + i] * offset;
      int from = (i / 2 * 4 + (i & 1)) * R;
      IntVector i0 = IntVector.fromArray(I, sums, from).add(lift);
      IntVector i1 = IntVector.fromArray(I, sums, from + L).add(lift);
      FloatVector q0 = floats(i0.add(IntVector.fromArray(I, sums, from + 2 * R)));
      FloatVector q1 = floats(i1.add(IntVector.fromArray(I, sums, from + 2 * R + L)));
      long scaleAt = p + i / 2 * (long) record + (i & 1) * 2L * SPAN;
      acc0 = biasedHalves(w, scaleAt).mul(scale).mul(q0).add(acc0);
      acc1 = biasedHalves(w, scaleAt + SPAN).mul(scale).mul(q1).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }
}
