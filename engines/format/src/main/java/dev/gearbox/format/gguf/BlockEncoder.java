package dev.gearbox.format.gguf;

import java.util.Arrays;

/**
 * Packs the parts of a block as a file stores them: the inverse of {@link BlockDecoder}, which
 * draws the layouts. How the parts are chosen is the business of who quantizes.
 */
public final class BlockEncoder {
  private BlockEncoder() {}

  /**
   * Packs one block.
   *
   * @param type a quantized type
   * @param out receives {@link GgmlType#bytesPerBlock} bytes from {@code at}
   * @throws IllegalArgumentException for a type of plain floats
   */
  public static void encode(GgmlType type, BlockParts parts, byte[] out, int at) {
    Arrays.fill(out, at, at + type.bytesPerBlock(), (byte) 0);
    switch (type) {
      case Q4_0 -> {
        half(parts.scale, out, at);
        nibbles(parts, out, at + 2);
      }
      case Q4_1 -> {
        halves(parts, out, at);
        nibbles(parts, out, at + 4);
      }
      case Q5_0 -> {
        half(parts.scale, out, at);
        fifthBits(parts, out, at + 2);
        nibbles(parts, out, at + 6);
      }
      case Q5_1 -> {
        halves(parts, out, at);
        fifthBits(parts, out, at + 4);
        nibbles(parts, out, at + 8);
      }
      case Q8_0 -> {
        half(parts.scale, out, at);
        for (int i = 0; i < 32; i++) {
          out[at + 2 + i] = (byte) parts.quants[i];
        }
      }
      case Q2_K -> {
        for (int sub = 0; sub < 16; sub++) {
          out[at + sub] = (byte) (parts.scales[sub] | parts.minima[sub] << 4);
        }
        pairsOfBits(parts, out, at + 16);
        halves(parts, out, at + 80);
      }
      case Q3_K -> encodeQ3K(parts, out, at);
      case Q4_K -> {
        halves(parts, out, at);
        sixBitScales(parts, out, at + 4);
        chunks(parts, out, at + 16);
      }
      case Q5_K -> {
        halves(parts, out, at);
        sixBitScales(parts, out, at + 4);
        for (int i = 0; i < 256; i++) {
          out[at + 16 + i % 32] |= (byte) ((parts.quants[i] >> 4) << (i / 32));
        }
        chunks(parts, out, at + 48);
      }
      case Q6_K -> encodeQ6K(parts, out, at);
      case F32, F16, BF16 -> throw new IllegalArgumentException(type + " has no blocks");
    }
  }

  private static void encodeQ3K(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      out[at + i % 32] |= (byte) ((parts.quants[i] >> 2) << (i / 32));
    }
    pairsOfBits(parts, out, at + 32);
    for (int sub = 0; sub < 16; sub++) {
      int scale = parts.scales[sub] + 32;
      out[at + 96 + sub % 8] |= (byte) ((scale & 15) << (sub / 8 * 4));
      out[at + 104 + sub % 4] |= (byte) ((scale >> 4) << (sub / 4 * 2));
    }
    half(parts.scale, out, at + 108);
  }

  private static void encodeQ6K(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      int part = i / 128;
      int k = i % 128 / 32;
      int q = parts.quants[i];
      out[at + part * 64 + k % 2 * 32 + i % 32] |= (byte) ((q & 15) << (k / 2 * 4));
      out[at + 128 + part * 32 + i % 32] |= (byte) ((q >> 4) << (2 * k));
    }
    for (int sub = 0; sub < 16; sub++) {
      out[at + 192 + sub] = (byte) parts.scales[sub];
    }
    half(parts.scale, out, at + 208);
  }

  private static void nibbles(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 16; i++) {
      out[at + i] = (byte) ((parts.quants[i] & 15) | (parts.quants[i + 16] & 15) << 4);
    }
  }

  private static void fifthBits(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 32; i++) {
      out[at + i / 8] |= (byte) ((parts.quants[i] >> 4) << (i % 8));
    }
  }

  private static void chunks(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      out[at + i / 64 * 32 + i % 32] |= (byte) ((parts.quants[i] & 15) << (i % 64 / 32 * 4));
    }
  }

  private static void pairsOfBits(BlockParts parts, byte[] out, int at) {
    for (int i = 0; i < 256; i++) {
      out[at + i / 128 * 32 + i % 32] |= (byte) ((parts.quants[i] & 3) << (i % 128 / 32 * 2));
    }
  }

  private static void sixBitScales(BlockParts parts, byte[] out, int at) {
    for (int sub = 0; sub < 4; sub++) {
      int upper = parts.scales[sub + 4];
      int upperMinimum = parts.minima[sub + 4];
      out[at + sub] = (byte) (parts.scales[sub] | (upper >> 4) << 6);
      out[at + sub + 4] = (byte) (parts.minima[sub] | (upperMinimum >> 4) << 6);
      out[at + sub + 8] = (byte) ((upper & 15) | (upperMinimum & 15) << 4);
    }
  }

  private static void halves(BlockParts parts, byte[] out, int at) {
    half(parts.scale, out, at);
    half(parts.minimum, out, at + 2);
  }

  private static void half(float value, byte[] out, int at) {
    short bits = Float.floatToFloat16(value);
    out[at] = (byte) bits;
    out[at + 1] = (byte) (bits >> 8);
  }
}
