package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.LE;
import static dev.gearbox.cpu.kernel.Lanes.R;
import static dev.gearbox.cpu.kernel.Lanes.SPAN;
import static dev.gearbox.cpu.kernel.Lanes.STEP;
import static dev.gearbox.cpu.kernel.Lanes.biasedHalves;
import static dev.gearbox.cpu.kernel.Lanes.floats;
import static dev.gearbox.cpu.kernel.Lanes.shorts;
import static dev.gearbox.cpu.kernel.Lanes.signedShorts;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Records as floats. An int lane takes the two bytes that hold one row's pair of columns:
 *
 * <pre>
 *   bits 0-3 weight 2k | 4-7 weight 16+2k | 8-11 weight 2k+1 | 12-15 weight 16+2k+1
 * </pre>
 */
final class VectorPanels {
  private static final long COLUMN = 4L * R;

  private VectorPanels() {}

  static void four(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    MemorySegment w = matrix.data();
    float unbias = Lanes.unbias(matrix.shift());
    for (int h = 0; h < 2; h++) {
      FloatVector scale = biasedHalves(w, p + matrix.type().scaleAt(R) + h * SPAN).mul(unbias);
      FloatVector min = min(matrix, p, h);
      for (int k = 0; k < 8; k++) {
        IntVector v = shorts(w, p + k * STEP + h * SPAN);
        long out = to + 2L * k * COLUMN + 2L * h * SPAN;
        IntVector v4 = v.lanewise(VectorOperators.LSHR, 4).and(15);
        IntVector v8 = v.lanewise(VectorOperators.LSHR, 8).and(15);
        IntVector v12 = v.lanewise(VectorOperators.LSHR, 12);
        floats(v.and(15)).fma(scale, min).intoMemorySegment(panel, out, LE);
        floats(v8).fma(scale, min).intoMemorySegment(panel, out + COLUMN, LE);
        floats(v4).fma(scale, min).intoMemorySegment(panel, out + 16 * COLUMN, LE);
        floats(v12).fma(scale, min).intoMemorySegment(panel, out + 17 * COLUMN, LE);
      }
    }
  }

  static void five(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    MemorySegment w = matrix.data();
    float unbias = Lanes.unbias(matrix.shift());
    for (int h = 0; h < 2; h++) {
      FloatVector scale = biasedHalves(w, p + matrix.type().scaleAt(R) + h * SPAN).mul(unbias);
      FloatVector min = min(matrix, p, h);
      long plane = p + matrix.type().planeAt(R) + 2L * h * SPAN;
      for (int upper = 0; upper < 2; upper++) {
        fiveQuarter(w, p + h * SPAN, plane, upper, scale, min, panel, to + 2L * h * SPAN);
      }
    }
  }

  /** The 16 weights of each row of a half whose low four bits stand {@code 4 · upper} bits up. */
  private static void fiveQuarter(
      MemorySegment w,
      long quants,
      long plane,
      int upper,
      FloatVector scale,
      FloatVector min,
      MemorySegment panel,
      long to) {
    IntVector bits = shorts(w, plane + upper * SPAN);
    for (int k = 0; k < 8; k++) {
      IntVector v = shorts(w, quants + k * STEP).lanewise(VectorOperators.LSHR, 4 * upper);
      long out = to + (16L * upper + 2L * k) * COLUMN;
      IntVector fifth = bits.lanewise(VectorOperators.LSHR, k);
      IntVector even = v.and(15).or(fifth.and(1).lanewise(VectorOperators.LSHL, 4));
      IntVector v8 = v.lanewise(VectorOperators.LSHR, 8).and(15);
      IntVector odd = v8.or(fifth.lanewise(VectorOperators.LSHR, 4).and(16));
      floats(even).fma(scale, min).intoMemorySegment(panel, out, LE);
      floats(odd).fma(scale, min).intoMemorySegment(panel, out + COLUMN, LE);
    }
  }

  static void six(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    MemorySegment w = matrix.data();
    float unbias = Lanes.unbias(matrix.shift());
    for (int h = 0; h < 2; h++) {
      for (int upper = 0; upper < 2; upper++) {
        long scaleAt = p + matrix.type().scaleAt(R) + 2L * upper * SPAN + h * SPAN;
        FloatVector scale = biasedHalves(w, scaleAt).mul(unbias);
        FloatVector min = scale.mul(matrix.type().offset());
        for (int f = 0; f < 2; f++) {
          long plane = p + matrix.type().planeAt(R) + (4 * h + 2 * upper + f) * SPAN;
          IntVector bits = shorts(w, plane).lanewise(VectorOperators.LSHL, 4);
          for (int k = 4 * f; k < 4 * f + 4; k++) {
            IntVector v =
                shorts(w, p + k * STEP + h * SPAN).lanewise(VectorOperators.LSHR, 4 * upper);
            long out = to + (16 * upper + 2 * k) * COLUMN + 2L * h * SPAN;
            IntVector v8 = v.lanewise(VectorOperators.LSHR, 8).and(15);
            IntVector bits8 = bits.lanewise(VectorOperators.LSHR, 8).and(48);
            floats(v.and(15).or(bits.and(48))).fma(scale, min).intoMemorySegment(panel, out, LE);
            floats(v8.or(bits8)).fma(scale, min).intoMemorySegment(panel, out + COLUMN, LE);
            bits = bits.lanewise(VectorOperators.LSHR, 2);
          }
        }
      }
    }
  }

  static void eight(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    MemorySegment w = matrix.data();
    float unbias = Lanes.unbias(matrix.shift());
    for (int h = 0; h < 2; h++) {
      FloatVector scale = biasedHalves(w, p + matrix.type().scaleAt(R) + h * SPAN).mul(unbias);
      for (int k = 0; k < 16; k++) {
        IntVector v = signedShorts(w, p + k * STEP + h * SPAN);
        long out = to + 2L * k * COLUMN + 2L * h * SPAN;
        IntVector even = v.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
        floats(even).mul(scale).intoMemorySegment(panel, out, LE);
        IntVector odd = v.lanewise(VectorOperators.ASHR, 8);
        floats(odd).mul(scale).intoMemorySegment(panel, out + COLUMN, LE);
      }
    }
  }

  static void half(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      biasedHalves(matrix.data(), p + i * SPAN)
          .mul(Lanes.unbias(0))
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }

  static void brain(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      shorts(matrix.data(), p + i * SPAN)
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }

  static void single(PackedMatrix matrix, long p, MemorySegment panel, long to) {
    for (int i = 0; i < PackedMatrix.BLOCK * 2; i++) {
      FloatVector.fromMemorySegment(F, matrix.data(), p + 2L * i * SPAN, LE)
          .intoMemorySegment(panel, to + 2L * i * SPAN, LE);
    }
  }

  private static FloatVector min(PackedMatrix matrix, long p, int h) {
    PackedType type = matrix.type();
    int at = type.hasMins() ? type.minAt(R) : type.scaleAt(R);
    float factor = type.hasMins() ? 1 : type.offset();
    return biasedHalves(matrix.data(), p + at + h * SPAN)
        .mul(Lanes.unbias(matrix.shift()) * factor);
  }
}
