package dev.gearbox.workshop.quantize;

import dev.gearbox.format.gguf.BlockEncoder;
import dev.gearbox.format.gguf.BlockParts;
import dev.gearbox.format.gguf.GgmlType;
import org.jspecify.annotations.Nullable;

/**
 * Turns floats into blocks of one type so that a weighted squared error is small. An element's
 * error weighs its column's importance where that is known (the mean square of what the column is
 * multiplied by), times its own magnitude beside that of its block: large weights carry the output,
 * and those near zero are the same whatever the grid. Scratch memory inside: one thread each.
 */
final class BlockQuantizer {
  private final GgmlType type;
  private final BlockParts parts = new BlockParts();
  private final SuperBlocks superBlocks = new SuperBlocks();
  private final SymmetricSearch symmetric = new SymmetricSearch();
  private final AffineSearch affine = new AffineSearch();
  private final float[] weights = new float[BlockParts.MOST];

  BlockQuantizer(GgmlType type) {
    this.type = type;
  }

  /**
   * Quantizes a row.
   *
   * @param x {@code columns} floats from {@code at}
   * @param importance of the row's columns; null where all count alike
   * @param out receives the row's blocks from {@code outAt}
   */
  void row(float[] x, int at, int columns, float @Nullable [] importance, byte[] out, int outAt) {
    for (int i = 0; i < columns; i += type.blockSize()) {
      switch (type) {
        case F32 -> little(Float.floatToRawIntBits(x[at + i]), out, outAt, 4);
        case F16 -> little(Float.floatToFloat16(x[at + i]), out, outAt, 2);
        case BF16 -> little(brain(x[at + i]), out, outAt, 2);
        case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> {
          weigh(x, at + i, importance, i);
          choose(x, at + i);
          BlockEncoder.encode(type, parts, out, outAt);
        }
      }
      outAt += type.bytesPerBlock();
    }
  }

  private void weigh(float[] x, int at, float @Nullable [] importance, int column) {
    int size = type.blockSize();
    float squares = 0;
    for (int i = 0; i < size; i++) {
      squares += x[at + i] * x[at + i];
    }
    float mean = squares / size;
    float root = (float) Math.sqrt(mean);
    for (int i = 0; i < size; i++) {
      float own = x[at + i];
      weights[i] =
          importance == null
              ? root + Math.abs(own)
              : importance[column + i] * (float) Math.sqrt(mean + own * own);
    }
  }

  private void choose(float[] x, int at) {
    switch (type) {
      case Q4_0 -> symmetric(x, at, 8);
      case Q5_0 -> symmetric(x, at, 16);
      case Q4_1 -> affine(x, at, 15);
      case Q5_1 -> affine(x, at, 31);
      case Q8_0 -> bytes(x, at);
      case Q2_K -> superBlocks.affine(x, at, weights, 16, 3, 15, parts);
      case Q3_K -> superBlocks.symmetric(x, at, weights, 16, 4, -32, parts);
      case Q4_K -> superBlocks.affine(x, at, weights, 32, 15, 63, parts);
      case Q5_K -> superBlocks.affine(x, at, weights, 32, 31, 63, parts);
      case Q6_K -> superBlocks.symmetric(x, at, weights, 16, 32, -128, parts);
      case F32, F16, BF16 -> throw new IllegalStateException(type + " has no blocks");
    }
  }

  private void symmetric(float[] x, int at, int half) {
    parts.scale = Rounding.half(symmetric.scale(x, at, 32, weights, half));
    SymmetricSearch.quants(x, at, 32, parts.scale, half, parts.quants, 0);
  }

  private void affine(float[] x, int at, int levels) {
    affine.search(x, at, 32, weights, levels, false);
    parts.scale = Rounding.half(affine.scale);
    parts.minimum = Rounding.half(affine.offset);
    AffineSearch.quants(x, at, 32, parts.scale, parts.minimum, levels, parts.quants, 0);
  }

  private void bytes(float[] x, int at) {
    float most = 0;
    for (int i = 0; i < 32; i++) {
      most = Math.max(most, Math.abs(x[at + i]));
    }
    parts.scale = Rounding.half(most / 127);
    float inverse = parts.scale == 0 ? 0 : 1 / parts.scale;
    for (int i = 0; i < 32; i++) {
      parts.quants[i] = Rounding.nearest(x[at + i] * inverse, -127, 127);
    }
  }

  /** The upper half of a float, rounded half to even. */
  private static int brain(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? (bits >>> 16) | 0x40 : (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
  }

  private static void little(int bits, byte[] out, int at, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out[at + i] = (byte) (bits >> (8 * i));
    }
  }
}
