package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.LE;
import static dev.gearbox.cpu.kernel.Lanes.R;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Outer products: a column of a panel, two vectors of rows, times the activations of that column.
 * Eight accumulators fit the 16 registers of AVX2; more would spill.
 */
final class VectorTiles {
  private static final long COLUMN = 4L * R;

  private VectorTiles() {}

  static void tile(MemorySegment panel, int columns, float[] x, int xAt, float[] out, int at) {
    FloatVector a0 = FloatVector.fromArray(F, out, at);
    FloatVector a1 = FloatVector.fromArray(F, out, at + L);
    FloatVector b0 = FloatVector.fromArray(F, out, at + R);
    FloatVector b1 = FloatVector.fromArray(F, out, at + R + L);
    FloatVector c0 = FloatVector.fromArray(F, out, at + 2 * R);
    FloatVector c1 = FloatVector.fromArray(F, out, at + 2 * R + L);
    FloatVector d0 = FloatVector.fromArray(F, out, at + 3 * R);
    FloatVector d1 = FloatVector.fromArray(F, out, at + 3 * R + L);
    long p = 0;
    int end = xAt + 4 * columns;
    for (int i = xAt; i < end; i += 4, p += COLUMN) {
      FloatVector u = FloatVector.fromMemorySegment(F, panel, p, LE);
      FloatVector v = FloatVector.fromMemorySegment(F, panel, p + COLUMN / 2, LE);
      FloatVector t = FloatVector.broadcast(F, x[i]);
      a0 = u.fma(t, a0);
      a1 = v.fma(t, a1);
      t = FloatVector.broadcast(F, x[i + 1]);
      b0 = u.fma(t, b0);
      b1 = v.fma(t, b1);
      t = FloatVector.broadcast(F, x[i + 2]);
      c0 = u.fma(t, c0);
      c1 = v.fma(t, c1);
      t = FloatVector.broadcast(F, x[i + 3]);
      d0 = u.fma(t, d0);
      d1 = v.fma(t, d1);
    }
    a0.intoArray(out, at);
    a1.intoArray(out, at + L);
    b0.intoArray(out, at + R);
    b1.intoArray(out, at + R + L);
    c0.intoArray(out, at + 2 * R);
    c1.intoArray(out, at + 2 * R + L);
    d0.intoArray(out, at + 3 * R);
    d1.intoArray(out, at + 3 * R + L);
  }
}
