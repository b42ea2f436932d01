package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.R;
import static dev.gearbox.cpu.kernel.Lanes.SPAN;
import static dev.gearbox.cpu.kernel.Lanes.STEP;
import static dev.gearbox.cpu.kernel.Lanes.biasedHalves;
import static dev.gearbox.cpu.kernel.Lanes.bytes;
import static dev.gearbox.cpu.kernel.Lanes.floats;
import static dev.gearbox.cpu.kernel.Lanes.signedShorts;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Records as {@link DecodedBlocks}. */
final class VectorQuants {
  private static final int PAIR = 2 * R;
  private static final int BLOCK = 16 * PAIR;

  private VectorQuants() {}

  static void decode(PackedMatrix matrix, long p, int blocks, DecodedBlocks out) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    short base = (short) matrix.type().base();
    switch (matrix.type()) {
      case NIBBLE, NIBBLE_OFFSET -> four(w, p, record, blocks, base, out.quants);
      case FIVE, FIVE_OFFSET -> five(w, p, record, blocks, out.quants);
      case SIX -> six(w, p, record, blocks, out.quants);
      case BYTE -> eight(w, p, record, blocks, out.bytes);
      case HALF, BRAIN, FLOAT -> throw ScalarKernels.notQuantized(matrix.type());
    }
    scales(matrix, p, blocks, out.scales);
  }

  private static void four(
      MemorySegment w, long p, int record, int blocks, short base, short[] out) {
    int end = blocks * BLOCK;
    for (int to = 0; to < end; to += BLOCK, p += record) {
      for (int k = 0; k < 8; k++) {
        ShortVector b0 = bytes(w, p + k * STEP);
        ShortVector b1 = bytes(w, p + k * STEP + SPAN);
        int at = to + k * PAIR;
        b0.and((short) 15).sub(base).intoArray(out, at);
        b1.and((short) 15).sub(base).intoArray(out, at + PAIR / 2);
        at += 8 * PAIR;
        b0.lanewise(VectorOperators.LSHR, 4).sub(base).intoArray(out, at);
        b1.lanewise(VectorOperators.LSHR, 4).sub(base).intoArray(out, at + PAIR / 2);
      }
    }
  }

  private static void five(MemorySegment w, long p, int record, int blocks, short[] out) {
    for (int i = 0; i < 2 * blocks; i++) {
      long h = (i & 1) * SPAN;
      long q = p + (i >> 1) * (long) record + h;
      int to = (i >> 1) * BLOCK + (i & 1) * R;
      ShortVector upperLow = bytes(w, q + 16L * R + h).lanewise(VectorOperators.LSHL, 4);
      ShortVector upperHigh = bytes(w, q + 16L * R + h + SPAN).lanewise(VectorOperators.LSHL, 4);
      for (int k = 0; k < 8; k++) {
        ShortVector b = bytes(w, q + k * STEP);
        ShortVector fifth = upperLow.lanewise(VectorOperators.LSHR, k).and((short) 16);
        int at = to + k * PAIR;
        b.and((short) 15).or(fifth).sub((short) 16).intoArray(out, at);
        fifth = upperHigh.lanewise(VectorOperators.LSHR, k).and((short) 16);
        b = b.lanewise(VectorOperators.LSHR, 4).or(fifth).sub((short) 16);
        b.intoArray(out, at + 8 * PAIR);
      }
    }
  }

  private static void six(MemorySegment w, long p, int record, int blocks, short[] out) {
    for (int i = 0; i < 4 * blocks; i++) {
      // Half group h, and first or second half f of the weights that share a scale.
      long h = (i & 1) * SPAN;
      int f = i >> 1 & 1;
      long block = p + (i >> 2) * (long) record;
      long q = block + h + 4L * f * STEP;
      int to = (i >> 2) * BLOCK + (i & 1) * R + 4 * f * PAIR;
      long plane = block + 16L * R + 4 * h + f * SPAN;
      ShortVector upperLow = bytes(w, plane).lanewise(VectorOperators.LSHL, 4);
      ShortVector upperHigh = bytes(w, plane + 2 * SPAN).lanewise(VectorOperators.LSHL, 4);
      for (int k = 0; k < 4; k++) {
        ShortVector v = bytes(w, q + k * STEP);
        ShortVector upper = upperLow.lanewise(VectorOperators.LSHR, 2L * k).and((short) 48);
        int at = to + k * PAIR;
        v.and((short) 15).or(upper).sub((short) 32).intoArray(out, at);
        upper = upperHigh.lanewise(VectorOperators.LSHR, 2L * k).and((short) 48);
        v = v.lanewise(VectorOperators.LSHR, 4).or(upper).sub((short) 32);
        v.intoArray(out, at + 8 * PAIR);
      }
    }
  }

  private static void eight(MemorySegment w, long p, int record, int blocks, float[] out) {
    for (int i = 0; i < 2 * blocks; i++) {
      long q = p + (i >> 1) * (long) record + (i & 1) * SPAN;
      int to = (i >> 1) * BLOCK + (i & 1) * L;
      for (int k = 0; k < 16; k++, to += 2 * R) {
        IntVector v = signedShorts(w, q + k * STEP);
        IntVector even = v.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
        floats(even).intoArray(out, to);
        floats(v.lanewise(VectorOperators.ASHR, 8)).intoArray(out, to + R);
      }
    }
  }

  private static void scales(PackedMatrix matrix, long p, int blocks, float[] out) {
    MemorySegment w = matrix.data();
    int record = matrix.recordBytes();
    float unbias = Lanes.unbias(matrix.shift());
    int vectors = 2 * (matrix.type().hasMins() ? 2 : matrix.type().scales());
    p += matrix.type().scaleAt(R);
    for (int to = 0; to < 2 * R * blocks; to += 2 * R, p += record) {
      for (int i = 0; i < vectors; i++) {
        biasedHalves(w, p + i * SPAN).mul(unbias).intoArray(out, to + i * L);
      }
    }
  }
}
