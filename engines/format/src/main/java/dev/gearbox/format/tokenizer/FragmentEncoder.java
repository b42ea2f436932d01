package dev.gearbox.format.tokenizer;

/**
 * Encodes a stretch of plain text between special tokens, and knows what bytes its tokens stand
 * for.
 */
interface FragmentEncoder {
  /** Adds the ids of a text, which is the first or follows a special token. */
  void encode(String text, TokenIdBuffer out);

  /** The bytes of an ordinary token. */
  byte[] bytes(int id);
}
