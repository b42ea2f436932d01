package dev.gearbox.cpu.kernel;

import dev.gearbox.format.gguf.GgmlType;

/**
 * Takes 32 weights of a row apart as a GGUF file stores them: their integers, and the scales and
 * the min that turn those into weights. Floats are not taken apart.
 */
final class RawBlocks {
  /** The integers, unsigned and before the offset except for Q8_0. */
  final int[] quants = new int[PackedMatrix.BLOCK];

  /** The scale of the first 16 weights or of all, then that of the last 16. */
  final float[] scales = new float[2];

  float min;

  private final GgmlType type;

  RawBlocks(GgmlType type) {
    this.type = type;
  }

  static PackedType packedType(GgmlType type) {
    return switch (type) {
      case Q4_0 -> PackedType.NIBBLE_OFFSET;
      case Q4_1, Q4_K -> PackedType.NIBBLE;
      case Q5_0 -> PackedType.FIVE_OFFSET;
      case Q5_1, Q5_K -> PackedType.FIVE;
      case Q3_K, Q6_K -> PackedType.SIX;
      case Q8_0 -> PackedType.BYTE;
      // No packed type has a min for 16 weights; halves lose nothing to speak of, and its memory.
      case Q2_K, F16 -> PackedType.HALF;
      case BF16 -> PackedType.BRAIN;
      case F32 -> PackedType.FLOAT;
    };
  }

  /** An upper bound of the magnitudes of scales and min in the file's block at {@code at}. */
  float bound(byte[] row, int at) {
    return switch (type) {
      case Q4_0, Q5_0, Q8_0 -> Math.abs(half(row, at));
      case Q4_1, Q5_1 -> Math.max(Math.abs(half(row, at)), Math.abs(half(row, at + 2)));
      case Q4_K, Q5_K -> 63 * Math.max(Math.abs(half(row, at)), Math.abs(half(row, at + 2)));
      case Q3_K -> 32 * Math.abs(half(row, at + 108));
      case Q6_K -> 128 * Math.abs(half(row, at + 208));
      case Q2_K, F16, BF16, F32 -> 0;
    };
  }

  /** Reads weights {@code 32 · block} and following of a row. */
  void read(byte[] row, int block) {
    int inSuper = type.blockSize() / PackedMatrix.BLOCK;
    int at = block / inSuper * type.bytesPerBlock();
    int sub = block % inSuper;
    min = 0;
    scales[0] = half(row, at);
    switch (type) {
      case Q4_0 -> nibbles(row, at + 2);
      case Q4_1 -> {
        min = half(row, at + 2);
        nibbles(row, at + 4);
      }
      case Q5_0 -> {
        nibbles(row, at + 6);
        fifthBits(row, at + 2);
      }
      case Q5_1 -> {
        min = half(row, at + 2);
        nibbles(row, at + 8);
        fifthBits(row, at + 4);
      }
      case Q8_0 -> {
        for (int i = 0; i < 32; i++) {
          quants[i] = row[at + 2 + i];
        }
      }
      case Q4_K -> {
        superScales(row, at, sub);
        halfOfChunk(row, at + 16 + sub / 2 * 32, sub % 2);
      }
      case Q5_K -> {
        superScales(row, at, sub);
        halfOfChunk(row, at + 48 + sub / 2 * 32, sub % 2);
        for (int i = 0; i < 32; i++) {
          quants[i] |= (row[at + 16 + i] >>> sub & 1) << 4;
        }
      }
      case Q3_K -> threeBits(row, at, sub);
      case Q6_K -> sixBits(row, at, sub);
      case Q2_K, F16, BF16, F32 -> throw new IllegalArgumentException(type + " has no blocks");
    }
  }

  private void nibbles(byte[] row, int at) {
    for (int i = 0; i < 16; i++) {
      quants[i] = row[at + i] & 15;
      quants[16 + i] = row[at + i] >>> 4 & 15;
    }
  }

  private void fifthBits(byte[] row, int at) {
    for (int i = 0; i < 32; i++) {
      quants[i] |= (row[at + i / 8] >>> i % 8 & 1) << 4;
    }
  }

  private void halfOfChunk(byte[] row, int at, int upper) {
    for (int i = 0; i < 32; i++) {
      quants[i] = row[at + i] >>> (4 * upper) & 15;
    }
  }

  private void superScales(byte[] row, int at, int sub) {
    int packed = at + 4;
    int scale;
    int least;
    if (sub < 4) {
      scale = row[packed + sub] & 63;
      least = row[packed + sub + 4] & 63;
    } else {
      scale = (row[packed + sub + 4] & 15) | (row[packed + sub - 4] >>> 6 & 3) << 4;
      least = (row[packed + sub + 4] >>> 4 & 15) | (row[packed + sub] >>> 6 & 3) << 4;
    }
    scales[0] = half(row, at) * scale;
    min = -half(row, at + 2) * least;
  }

  private void sixBits(byte[] row, int at, int sub) {
    int quarter = sub % 4;
    int low = at + sub / 4 * 64 + quarter % 2 * 32;
    int high = at + 128 + sub / 4 * 32;
    for (int i = 0; i < 32; i++) {
      int nibble = row[low + i] >>> (quarter / 2 * 4) & 15;
      quants[i] = nibble | (row[high + i] >>> (2 * quarter) & 3) << 4;
    }
    float scale = half(row, at + 208);
    int scaleAt = at + 192 + sub / 4 * 8 + 2 * quarter;
    scales[0] = scale * row[scaleAt];
    scales[1] = scale * row[scaleAt + 1];
  }

  /** Three bits less 4 as six bits less 32. */
  private void threeBits(byte[] row, int at, int sub) {
    int low = at + 32 + sub / 4 * 32;
    for (int i = 0; i < 32; i++) {
      int pair = row[low + i] >>> (2 * (sub % 4)) & 3;
      quants[i] = (pair | (row[at + i] >>> sub & 1) << 2) + 28;
    }
    float scale = half(row, at + 108);
    for (int i = 0; i < 2; i++) {
      int of = 2 * sub + i;
      int nibble = row[at + 96 + of % 8] >>> (of / 8 * 4) & 15;
      scales[i] = scale * ((nibble | (row[at + 104 + of % 4] >>> (2 * (of / 4)) & 3) << 4) - 32);
    }
  }

  private static float half(byte[] row, int at) {
    return Float.float16ToFloat((short) ((row[at] & 255) | row[at + 1] << 8));
  }
}
