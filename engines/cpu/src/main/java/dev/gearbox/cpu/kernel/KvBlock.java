package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The keys, or the values, of one head for {@link Kernels#KEYS} tokens: the definition of their
 * layout, number by number.
 *
 * <pre>
 *   keys      [element][16 tokens]     tokens in lanes: scores need no sum over lanes
 *   values    [16 tokens][element]
 *   q8_0      either, as bytes, then 16 floats: what a token's bytes are multiplied by
 * </pre>
 */
public final class KvBlock {
  private static final float LEAST_HALF = 0x1p-14f;
  private static final float LARGEST_HALF = 65_504f;

  private KvBlock() {}

  /** Bytes of a block of keys or of values. */
  public static long bytes(KvType type, int size) {
    long elements = (long) Kernels.KEYS * size;
    return switch (type) {
      case F32 -> 4 * elements;
      case F16 -> 2 * elements;
      case Q8_0 -> elements + 4L * Kernels.KEYS;
    };
  }

  /** Keeps the key of one token. */
  public static void putKey(
      KvType type, MemorySegment keys, long at, int size, int slot, float[] x, int from) {
    put(type, keys, at, size, slot, slot, Kernels.KEYS, x, from);
  }

  /** Keeps the value of one token. */
  public static void putValue(
      KvType type, MemorySegment values, long at, int size, int slot, float[] x, int from) {
    put(type, values, at, size, slot, slot * size, 1, x, from);
  }

  private static void put(
      KvType type,
      MemorySegment to,
      long at,
      int size,
      int slot,
      int first,
      int step,
      float[] x,
      int from) {
    switch (type) {
      case F32 -> {
        for (int e = 0; e < size; e++) {
          to.set(RecordReader.FLOAT, at + 4L * (first + e * step), x[from + e]);
        }
      }
      case F16 -> {
        for (int e = 0; e < size; e++) {
          to.set(RecordReader.SHORT, at + 2L * (first + e * step), half(x[from + e]));
        }
      }
      case Q8_0 -> {
        float most = 0;
        for (int e = 0; e < size; e++) {
          most = Math.max(most, Math.abs(x[from + e]));
        }
        float factor = most == 0 ? 0 : 127 / most;
        for (int e = 0; e < size; e++) {
          byte quant = (byte) Math.round(x[from + e] * factor);
          to.set(ValueLayout.JAVA_BYTE, at + first + (long) e * step, quant);
        }
        to.set(RecordReader.FLOAT, scaleAt(at, size, slot), most / 127);
      }
    }
  }

  /** Subnormal halves would be subnormal floats on the way, which some CPUs multiply slowly. */
  private static short half(float x) {
    float bounded = Math.clamp(x, -LARGEST_HALF, LARGEST_HALF);
    return Math.abs(x) < LEAST_HALF ? 0 : Float.floatToFloat16(bounded);
  }

  /** One number of a token's key. */
  public static float key(
      KvType type, MemorySegment keys, long at, int size, int slot, int element) {
    return get(type, keys, at, size, slot, element * Kernels.KEYS + slot);
  }

  /** One number of a token's value. */
  static float value(KvType type, MemorySegment values, long at, int size, int slot, int element) {
    return get(type, values, at, size, slot, slot * size + element);
  }

  private static float get(
      KvType type, MemorySegment from, long at, int size, int slot, int index) {
    return switch (type) {
      case F32 -> from.get(RecordReader.FLOAT, at + 4L * index);
      case F16 -> Float.float16ToFloat(from.get(RecordReader.SHORT, at + 2L * index));
      case Q8_0 ->
          from.get(ValueLayout.JAVA_BYTE, at + index)
              * from.get(RecordReader.FLOAT, scaleAt(at, size, slot));
    };
  }

  /** Where the factor of a token's bytes stands. */
  static long scaleAt(long at, int size, int slot) {
    return at + (long) Kernels.KEYS * size + 4L * slot;
  }
}
