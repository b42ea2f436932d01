package dev.gearbox.format.tokenizer;

import java.util.Arrays;

/**
 * The printable characters that byte-level BPE writes bytes as: printable Latin-1 stands for
 * itself, the other 68 bytes for U+0100 onwards, in order.
 */
final class ByteAlphabet {
  private static final int SHIFTED = 68;
  private static final char[] CHARACTERS = new char[256];
  private static final int[] BYTES = new int[256 + SHIFTED];

  static {
    Arrays.fill(BYTES, -1);
    int shifted = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      CHARACTERS[b] = (char) (printable ? b : 256 + shifted++);
      BYTES[CHARACTERS[b]] = b;
    }
  }

  private ByteAlphabet() {}

  static char character(byte b) {
    return CHARACTERS[b & 0xFF];
  }

  /** The byte of a character, or −1 where it stands for none. */
  static int byteOf(char character) {
    return character < BYTES.length ? BYTES[character] : -1;
  }
}
