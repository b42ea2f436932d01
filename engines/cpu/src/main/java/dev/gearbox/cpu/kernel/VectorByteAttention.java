package dev.gearbox.cpu.kernel;

import static dev.gearbox.cpu.kernel.Lanes.F;
import static dev.gearbox.cpu.kernel.Lanes.L;
import static dev.gearbox.cpu.kernel.Lanes.LE;
import static dev.gearbox.cpu.kernel.Lanes.signedFloats;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link VectorAttention} for bytes: the factors of keys multiply finished scores, those of values
 * the weights beforehand.
 */
final class VectorByteAttention {
  private static final int KEY_ROW = Kernels.KEYS;

  private VectorByteAttention() {}

  static void scores(
      float[] q,
      int qAt,
      int size,
      MemorySegment keys,
      long keysAt,
      float[] out,
      int at,
      int stride) {
    for (int lane = 0; lane < Kernels.KEYS; lane += L) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector b0 = a0;
      FloatVector c0 = a0;
      FloatVector d0 = a0;
      FloatVector a1 = a0;
      FloatVector b1 = a0;
      FloatVector c1 = a0;
      FloatVector d1 = a0;
      long p = keysAt + lane;
      int end = qAt + size;
      for (int i = qAt; i < end; i += 2, p += 2 * KEY_ROW) {
        FloatVector u = signedFloats(keys, p);
        FloatVector v = signedFloats(keys, p + KEY_ROW);
        a0 = u.fma(FloatVector.broadcast(F, q[i]), a0);
        a1 = v.fma(FloatVector.broadcast(F, q[i + 1]), a1);
        b0 = u.fma(FloatVector.broadcast(F, q[i + size]), b0);
        b1 = v.fma(FloatVector.broadcast(F, q[i + size + 1]), b1);
        c0 = u.fma(FloatVector.broadcast(F, q[i + 2 * size]), c0);
        c1 = v.fma(FloatVector.broadcast(F, q[i + 2 * size + 1]), c1);
        d0 = u.fma(FloatVector.broadcast(F, q[i + 3 * size]), d0);
        d1 = v.fma(FloatVector.broadcast(F, q[i + 3 * size + 1]), d1);
      }
      FloatVector scale =
          FloatVector.fromMemorySegment(F, keys, KvBlock.scaleAt(keysAt, size, lane), LE);
      a0.add(a1).mul(scale).intoArray(out, at + lane);
      b0.add(b1).mul(scale).intoArray(out, at + lane + stride);
      c0.add(c1).mul(scale).intoArray(out, at + lane + 2 * stride);
      d0.add(d1).mul(scale).intoArray(out, at + lane + 3 * stride);
    }
  }

  static void mix(
      float[] p,
      int pAt,
      int stride,
      MemorySegment values,
      long valuesAt,
      float[] out,
      int at,
      int size) {
    for (int lane = 0; lane < Kernels.KEYS; lane += L) {
      FloatVector scale =
          FloatVector.fromMemorySegment(F, values, KvBlock.scaleAt(valuesAt, size, lane), LE);
      for (int i = pAt + lane; i < pAt + lane + 4 * stride; i += stride) {
        FloatVector.fromArray(F, p, i).mul(scale).intoArray(p, i);
      }
    }
    for (int e = 0; e < size; e += 2 * L) {
      int o = at + e;
      FloatVector a0 = FloatVector.fromArray(F, out, o);
      FloatVector a1 = FloatVector.fromArray(F, out, o + L);
      FloatVector b0 = FloatVector.fromArray(F, out, o + size);
      FloatVector b1 = FloatVector.fromArray(F, out, o + size + L);
      FloatVector c0 = FloatVector.fromArray(F, out, o + 2 * size);
      FloatVector c1 = FloatVector.fromArray(F, out, o + 2 * size + L);
      FloatVector d0 = FloatVector.fromArray(F, out, o + 3 * size);
      FloatVector d1 = FloatVector.fromArray(F, out, o + 3 * size + L);
      long value = valuesAt + e;
      for (int key = 0; key < Kernels.KEYS; key++, value += size) {
        FloatVector u = signedFloats(values, value);
        FloatVector v = signedFloats(values, value + L);
        FloatVector t = FloatVector.broadcast(F, p[pAt + key]);
        a0 = u.fma(t, a0);
        a1 = v.fma(t, a1);
        t = FloatVector.broadcast(F, p[pAt + key + stride]);
        b0 = u.fma(t, b0);
        b1 = v.fma(t, b1);
        t = FloatVector.broadcast(F, p[pAt + key + 2 * stride]);
        c0 = u.fma(t, c0);
        c1 = v.fma(t, c1);
        t = FloatVector.broadcast(F, p[pAt + key + 3 * stride]);
        d0 = u.fma(t, d0);
        d1 = v.fma(t, d1);
      }
      a0.intoArray(out, o);
      a1.intoArray(out, o + L);
      b0.intoArray(out, o + size);
      b1.intoArray(out, o + size + L);
      c0.intoArray(out, o + 2 * size);
      c1.intoArray(out, o + 2 * size + L);
      d0.intoArray(out, o + 3 * size);
      d1.intoArray(out, o + 3 * size + L);
    }
  }
}
