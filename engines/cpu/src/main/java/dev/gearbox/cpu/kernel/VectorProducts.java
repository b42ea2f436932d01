package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.I;
import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.R;
import static dev.gearbox.cpu.kernel.Lanes.S;
import static dev.gearbox.cpu.kernel.Lanes.floats;
import static dev.gearbox.cpu.kernel.Lanes.pair;
import static dev.gearbox.cpu.kernel.Lanes.pairSum;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Products of {@link DecodedBlocks} with four rows of activations. A row comes to the same bits as
 * from {@link VectorDots}: the integers are exact and the floats are added in the same order.
 */
final class VectorProducts {
  private static final int PAIR = 2 * R;

  private VectorProducts() {}

  static void products(
      PackedType type,
      DecodedBlocks w,
      QuantizedRows x,
      int row,
      int firstBlock,
      int blocks,
      int[] sums,
      float[] out,
      int at) {
    int xAt = x.quadAt(row, firstBlock);
    switch (type) {
      case NIBBLE, NIBBLE_OFFSET, FIVE, FIVE_OFFSET ->
          shorts(w.quants, blocks, 16, x.quads, xAt, sums);
      case SIX -> shorts(w.quants, 2 * blocks, 8, x.quads, xAt, sums);
      case BYTE -> bytes(w.bytes, blocks, x.floatQuads, 2 * xAt, sums);
      case HALF, BRAIN, FLOAT -> throw ScalarKernels.notQuantized(type);
    }
    int stride = x.blocks();
    int block = x.block(row) + firstBlock;
    for (int t = 0; t < 4; t++, block += stride, at += R) {
      switch (type) {
        case NIBBLE, NIBBLE_OFFSET, FIVE, FIVE_OFFSET ->
            scale(type, w.scales, x, block, blocks, sums, t * R, out, at);
        case SIX -> scaleSixteens(w.scales, x, block, blocks, sums, t * R, out, at);
        case BYTE -> scaleBytes(w.scales, x, block, blocks, sums, t * R, out, at);
        case HALF, BRAIN, FLOAT -> throw ScalarKernels.notQuantized(type);
      }
    }
  }

  private static void shorts(short[] w, int count, int pairs, int[] x, int xAt, int[] sums) {
    int p = 0;
    for (int to = 0, end = count * 4 * R; to < end; to += 4 * R) {
      ShortVector a0 = ShortVector.zero(S);
      ShortVector a1 = a0;
      ShortVector b0 = a0;
      ShortVector b1 = a0;
      ShortVector c0 = a0;
      ShortVector c1 = a0;
      ShortVector d0 = a0;
      ShortVector d1 = a0;
      int xEnd = xAt + 4 * pairs;
      for (; xAt < xEnd; xAt += 4, p += PAIR) {
        ShortVector u = ShortVector.fromArray(S, w, p);
        ShortVector v = ShortVector.fromArray(S, w, p + PAIR / 2);
        ShortVector t = pair(x[xAt]);
        a0 = a0.add(u.mul(t));
        a1 = a1.add(v.mul(t));
        t = pair(x[xAt + 1]);
        b0 = b0.add(u.mul(t));
        b1 = b1.add(v.mul(t));
        t = pair(x[xAt + 2]);
        c0 = c0.add(u.mul(t));
        c1 = c1.add(v.mul(t));
        t = pair(x[xAt + 3]);
        d0 = d0.add(u.mul(t));
        d1 = d1.add(v.mul(t));
      }
      a0.reinterpretAsInts().intoArray(sums, to);
      a1.reinterpretAsInts().intoArray(sums, to + L);
      b0.reinterpretAsInts().intoArray(sums, to + R);
      b1.reinterpretAsInts().intoArray(sums, to + R + L);
      c0.reinterpretAsInts().intoArray(sums, to + 2 * R);
      c1.reinterpretAsInts().intoArray(sums, to + 2 * R + L);
      d0.reinterpretAsInts().intoArray(sums, to + 3 * R);
      d1.reinterpretAsInts().intoArray(sums, to + 3 * R + L);
    }
  }

  /**
   * Sums of bytes outgrow shorts after two products, but floats hold them exactly: 32 · 128 · 127
   * is less than 2^24.
   */
  private static void bytes(float[] w, int blocks, float[] x, int xAt, int[] sums) {
    int p = 0;
    for (int to = 0, end = blocks * 4 * R; to < end; to += 4 * R) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector c0 = a0;
      FloatVector c1 = a0;
      FloatVector d0 = a0;
      FloatVector d1 = a0;
      for (int xEnd = xAt + 128; xAt < xEnd; xAt += 4, p += R) {
        FloatVector u = FloatVector.fromArray(F, w, p);
        FloatVector v = FloatVector.fromArray(F, w, p + L);
        FloatVector t = FloatVector.broadcast(F, x[xAt]);
        a0 = u.fma(t, a0);
        a1 = v.fma(t, a1);
        t = FloatVector.broadcast(F, x[xAt + 1]);
        b0 = u.fma(t, b0);
        b1 = v.fma(t, b1);
        t = FloatVector.broadcast(F, x[xAt + 2]);
        c0 = u.fma(t, c0);
        c1 = v.fma(t, c1);
        t = FloatVector.broadcast(F, x[xAt + 3]);
        d0 = u.fma(t, d0);
        d1 = v.fma(t, d1);
      }
      a0.reinterpretAsInts().intoArray(sums, to);
      a1.reinterpretAsInts().intoArray(sums, to + L);
      b0.reinterpretAsInts().intoArray(sums, to + R);
      b1.reinterpretAsInts().intoArray(sums, to + R + L);
      c0.reinterpretAsInts().intoArray(sums, to + 2 * R);
      c1.reinterpretAsInts().intoArray(sums, to + 2 * R + L);
      d0.reinterpretAsInts().intoArray(sums, to + 3 * R);
      d1.reinterpretAsInts().intoArray(sums, to + 3 * R + L);
    }
  }

  private static void scale(
      PackedType type,
      float[] scales,
      QuantizedRows x,
      int block,
      int blocks,
      int[] sums,
      int from,
      float[] out,
      int at) {
    FloatVector acc0 = FloatVector.fromArray(F, out, at);
    FloatVector acc1 = FloatVector.fromArray(F, out, at + L);
    int lift = type.base() + type.offset();
    float mins = type.hasMins() ? 1 : 0;
    int second = type.hasMins() ? R : 0;
    int p = 0;
    for (int end = block + blocks; block < end; block++, from += 4 * R, p += 2 * R) {
      int total = x.totals[2 * block] + x.totals[2 * block + 1];
      float scale = x.scales[block];
      FloatVector sum = FloatVector.broadcast(F, total * scale * mins);
      FloatVector q0 = floats(whole(sums, from).add(total * lift));
      FloatVector q1 = floats(whole(sums, from + L).add(total * lift));
      FloatVector s0 = FloatVector.fromArray(F, scales, p).mul(scale);
      FloatVector s1 = FloatVector.fromArray(F, scales, p + L).mul(scale);
      FloatVector m0 = FloatVector.fromArray(F, scales, p + second).mul(sum);
      FloatVector m1 = FloatVector.fromArray(F, scales, p + second + L).mul(sum);
      // One addition to wait for from block to block.
      acc0 = s0.fma(q0, m0).add(acc0);
      acc1 = s1.fma(q1, m1).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  private static void scaleSixteens(
      float[] scales,
      QuantizedRows x,
      int block,
      int blocks,
      int[] sums,
      int from,
      float[] out,
      int at) {
    FloatVector acc0 = FloatVector.fromArray(F, out, at);
    FloatVector acc1 = FloatVector.fromArray(F, out, at + L);
    int p = 0;
    for (int i = 0; i < 2 * blocks; i++, from += 4 * R, p += R) {
      float scale = x.scales[block + (i >> 1)];
      FloatVector s0 = FloatVector.fromArray(F, scales, p).mul(scale);
      FloatVector s1 = FloatVector.fromArray(F, scales, p + L).mul(scale);
      acc0 = s0.mul(floats(whole(sums, from))).add(acc0);
      acc1 = s1.mul(floats(whole(sums, from + L))).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  private static void scaleBytes(
      float[] scales,
      QuantizedRows x,
      int block,
      int blocks,
      int[] sums,
      int from,
      float[] out,
      int at) {
    FloatVector acc0 = FloatVector.fromArray(F, out, at);
    FloatVector acc1 = FloatVector.fromArray(F, out, at + L);
    int p = 0;
    for (int end = block + blocks; block < end; block++, from += 4 * R, p += 2 * R) {
      float scale = x.scales[block];
      FloatVector s0 = FloatVector.fromArray(F, scales, p).mul(scale);
      FloatVector s1 = FloatVector.fromArray(F, scales, p + L).mul(scale);
      acc0 = s0.mul(IntVector.fromArray(I, sums, from).reinterpretAsFloats()).add(acc0);
      acc1 = s1.mul(IntVector.fromArray(I, sums, from + L).reinterpretAsFloats()).add(acc1);
    }
    acc0.intoArray(out, at);
    acc1.intoArray(out, at + L);
  }

  private static IntVector whole(int[] sums, int from) {
    return pairSum(IntVector.fromArray(I, sums, from).reinterpretAsShorts());
  }
}
