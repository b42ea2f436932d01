package dev.gearbox.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The plain reading of every block type, one element at a time: what vector kernels are tested
 * against. Layouts are those of ggml's block structures; {@code d}, {@code m} are half-precision
 * scale and minimum.
 */
public final class BlockDecoder {
  private BlockDecoder() {}

  /**
   * Decodes whole blocks.
   *
   * @param offset first byte of the first block
   * @param elements a multiple of the type's block size
   */
  public static void decode(
      GgmlType type, MemorySegment data, long offset, int elements, float[] out, int outOffset) {
    Objects.checkFromIndexSize(outOffset, elements, out.length);
    Objects.checkFromIndexSize(offset, type.bytes(elements), data.byteSize());
    for (int i = 0; i < elements; i += type.blockSize()) {
      decodeBlock(type, data, offset, out, outOffset + i);
      offset += type.bytesPerBlock();
    }
  }

  private static void decodeBlock(GgmlType type, MemorySegment data, long at, float[] out, int to) {
    switch (type) {
      case F32 -> out[to] = data.get(Little.FLOAT, at);
      case F16 -> out[to] = half(data, at);
      case BF16 -> out[to] = Float.intBitsToFloat(data.get(Little.SHORT, at) << 16);
      case Q4_0 -> decodeQ40(data, at, out, to);
      case Q4_1 -> decodeQ41(data, at, out, to);
      case Q5_0 -> decodeQ50(data, at, out, to);
      case Q5_1 -> decodeQ51(data, at, out, to);
      case Q8_0 -> decodeQ80(data, at, out, to);
      case Q2_K -> decodeQ2K(data, at, out, to);
      case Q3_K -> decodeQ3K(data, at, out, to);
      case Q4_K -> decodeQ4K(data, at, out, to);
      case Q5_K -> decodeQ5K(data, at, out, to);
      case Q6_K -> decodeQ6K(data, at, out, to);
    }
  }

  /**
   * {@code d | 16 bytes}: byte j holds element j in its low and j+16 in its high nibble; x = d(q −
   * 8).
   */
  private static void decodeQ40(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    for (int j = 0; j < 16; j++) {
      int pair = unsigned(data, at + 2 + j);
      out[to + j] = d * ((pair & 15) - 8);
      out[to + j + 16] = d * ((pair >> 4) - 8);
    }
  }

  /** {@code d | m | 16 bytes} as Q4_0; x = dq + m. */
  private static void decodeQ41(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    float m = half(data, at + 2);
    for (int j = 0; j < 16; j++) {
      int pair = unsigned(data, at + 4 + j);
      out[to + j] = d * (pair & 15) + m;
      out[to + j + 16] = d * (pair >> 4) + m;
    }
  }

  /**
   * {@code d | 32 high bits | 16 bytes}: bit i of the high bits is the fifth bit of element i; x =
   * d(q − 16).
   */
  private static void decodeQ50(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    int high = data.get(Little.INT, at + 2);
    for (int j = 0; j < 16; j++) {
      int pair = unsigned(data, at + 6 + j);
      out[to + j] = d * (((pair & 15) | (high >>> j & 1) << 4) - 16);
      out[to + j + 16] = d * ((pair >> 4 | (high >>> (j + 16) & 1) << 4) - 16);
    }
  }

  /** {@code d | m | 32 high bits | 16 bytes} as Q5_0; x = dq + m. */
  private static void decodeQ51(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    float m = half(data, at + 2);
    int high = data.get(Little.INT, at + 4);
    for (int j = 0; j < 16; j++) {
      int pair = unsigned(data, at + 8 + j);
      out[to + j] = d * ((pair & 15) | (high >>> j & 1) << 4) + m;
      out[to + j + 16] = d * (pair >> 4 | (high >>> (j + 16) & 1) << 4) + m;
    }
  }

  /** {@code d | 32 signed bytes}; x = dq. */
  private static void decodeQ80(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * data.get(JAVA_BYTE, at + 2 + j);
    }
  }

  /**
   * {@code 16 bytes of scale (low nibble) and minimum | 64 bytes of pairs of bits | d | m}, in two
   * halves of 128 elements; within a half, element {@code 32k + j} takes bits {@code 2k} of byte j;
   * x = d·scale·q − m·minimum, one scale and minimum per 16.
   */
  private static void decodeQ2K(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at + 80);
    float m = half(data, at + 82);
    for (int i = 0; i < 256; i++) {
      int packed = unsigned(data, at + i / 16);
      int q = unsigned(data, at + 16 + i / 128 * 32L + i % 32) >> (2 * (i % 128 / 32)) & 3;
      out[to + i] = d * (packed & 15) * q - m * (packed >> 4);
    }
  }

  /**
   * {@code 32 bytes of third bits | 64 bytes of pairs of bits as Q2_K | 12 bytes of 6-bit scales |
   * d}: bit {@code i / 32} of byte {@code i mod 32} is the third bit of element i; x = d·(scale −
   * 32)·(q − 4), one scale per 16: the low nibbles of scales 0 to 7 and 8 to 15 share eight bytes,
   * and bits {@code 2(i / 4)} of byte {@code i mod 4} of the other four are the upper bits of scale
   * i.
   */
  private static void decodeQ3K(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at + 108);
    for (int i = 0; i < 256; i++) {
      int sub = i / 16;
      int low = unsigned(data, at + 96 + sub % 8) >> (sub / 8 * 4) & 15;
      int scale = low | (unsigned(data, at + 104 + sub % 4) >> (2 * (sub / 4)) & 3) << 4;
      int q = unsigned(data, at + 32 + i / 128 * 32L + i % 32) >> (2 * (i % 128 / 32)) & 3;
      q |= (unsigned(data, at + i % 32) >> (i / 32) & 1) << 2;
      out[to + i] = d * (scale - 32) * (q - 4);
    }
  }

  /**
   * {@code d | m | 12 bytes of 6-bit scales and minima | 128 bytes}: each 32 bytes hold 64
   * elements, the low nibbles first; x = d·scale·q − m·minimum, one scale and minimum per 32.
   */
  private static void decodeQ4K(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    float m = half(data, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * scale(data, at + 4, sub);
      float minimum = m * minimum(data, at + 4, sub);
      int shift = (sub & 1) * 4;
      long bytes = at + 16 + sub / 2 * 32L;
      for (int j = 0; j < 32; j++) {
        int q = unsigned(data, bytes + j) >> shift & 15;
        out[to + sub * 32 + j] = scale * q - minimum;
      }
    }
  }

  /**
   * As Q4_K with 32 bytes of fifth bits before the nibbles: bit {@code sub} of byte j belongs to
   * element j of that 32.
   */
  private static void decodeQ5K(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at);
    float m = half(data, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * scale(data, at + 4, sub);
      float minimum = m * minimum(data, at + 4, sub);
      int shift = (sub & 1) * 4;
      long bytes = at + 48 + sub / 2 * 32L;
      for (int j = 0; j < 32; j++) {
        int high = unsigned(data, at + 16 + j) >> sub & 1;
        int q = ((unsigned(data, bytes + j) >> shift) & 15) | high << 4;
        out[to + sub * 32 + j] = scale * q - minimum;
      }
    }
  }

  /**
   * {@code 128 bytes of low nibbles | 64 bytes of high pairs | 16 signed scales | d}, in two halves
   * of 128 elements; within a half, element {@code 32k + j} takes its nibble from byte {@code 32(k
   * mod 2) + j} (high nibble for k ≥ 2) and its upper two bits from bits {@code 2k} of byte j; x =
   * d·scale·(q − 32), one scale per 16.
   */
  private static void decodeQ6K(MemorySegment data, long at, float[] out, int to) {
    float d = half(data, at + 208);
    for (int i = 0; i < 256; i++) {
      int part = i / 128;
      int k = i % 128 / 32;
      int j = i % 32;
      int low = unsigned(data, at + part * 64L + k % 2 * 32L + j) >> (k / 2 * 4) & 15;
      int high = unsigned(data, at + 128 + part * 32L + j) >> (2 * k) & 3;
      int scale = data.get(JAVA_BYTE, at + 192 + i / 16);
      out[to + i] = d * scale * ((low | high << 4) - 32);
    }
  }

  /**
   * The scales of a K block: the first four in the low 6 bits of bytes 0 to 3, the others split
   * over two bytes.
   */
  private static int scale(MemorySegment data, long at, int sub) {
    return sub < 4
        ? unsigned(data, at + sub) & 63
        : (unsigned(data, at + sub + 4) & 15) | unsigned(data, at + sub - 4) >> 6 << 4;
  }

  private static int minimum(MemorySegment data, long at, int sub) {
    return sub < 4
        ? unsigned(data, at + sub + 4) & 63
        : unsigned(data, at + sub + 4) >> 4 | unsigned(data, at + sub) >> 6 << 4;
  }

  private static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(Little.SHORT, at));
  }

  private static int unsigned(MemorySegment data, long at) {
    return data.get(JAVA_BYTE, at) & 0xFF;
  }
}
