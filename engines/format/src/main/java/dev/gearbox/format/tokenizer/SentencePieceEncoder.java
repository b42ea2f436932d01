package dev.gearbox.format.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece with scores: the characters of the text, spaces written as U+2581, merged into the
 * token with the highest score; what is no token falls back to its bytes.
 */
final class SentencePieceEncoder implements FragmentEncoder {
  private static final char SPACE = '\u2581';

  private final Vocabulary vocabulary;
  private final boolean addSpacePrefix;
  private final int[] priorities;
  private final int[] byteTokens = new int[256];
  private final int longestToken;

  SentencePieceEncoder(Vocabulary vocabulary, boolean addSpacePrefix) {
    this.vocabulary = vocabulary;
    this.addSpacePrefix = addSpacePrefix;
    this.priorities = priorities(vocabulary);
    int longest = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      longest = Math.max(longest, vocabulary.text(id).length());
    }
    this.longestToken = longest;
    for (int b = 0; b < 256; b++) {
      int id = vocabulary.idOf("<0x%02X>".formatted(b));
      byteTokens[b] = id >= 0 ? id : vocabulary.idOf(String.valueOf((char) b));
    }
  }

  @Override
  public void encode(String text, TokenIdBuffer out) {
    String escaped = (addSpacePrefix ? " " + text : text).replace(' ', SPACE);
    int[] symbols = escaped.codePoints().map(this::symbol).toArray();
    for (int symbol : PairMerger.merge(symbols, this::mergeOf)) {
      if (symbol < vocabulary.size()) {
        out.add(symbol);
      } else {
        addBytes(text(symbol), out);
      }
    }
  }

  @Override
  public byte[] bytes(int id) {
    int b = vocabulary.byteValue(id);
    return b >= 0
        ? new byte[] {(byte) b}
        : vocabulary.text(id).replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
  }

  private void addBytes(String character, TokenIdBuffer out) {
    for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
      int id = byteTokens[b & 0xFF];
      if (id >= 0) {
        out.add(id);
      } else if (vocabulary.unknown() >= 0) {
        out.add(vocabulary.unknown());
      }
    }
  }

  /** The id of a character's token; a character without one gets a number beyond the ids. */
  private int symbol(int codePoint) {
    int id = vocabulary.idOf(Character.toString(codePoint));
    return id >= 0 ? id : vocabulary.size() + codePoint;
  }

  private String text(int symbol) {
    return symbol < vocabulary.size()
        ? vocabulary.text(symbol)
        : Character.toString(symbol - vocabulary.size());
  }

  private long mergeOf(int left, int right) {
    String first = text(left);
    String second = text(right);
    if (first.length() + second.length() > longestToken) {
      return PairTable.NONE;
    }
    int id = vocabulary.idOf(first.concat(second));
    // Control tokens come from the special-token search only, never from merging what a client
    // wrote.
    return id < 0 || vocabulary.isControl(id)
        ? PairTable.NONE
        : PairTable.packed(priorities[id], id);
  }

  /** Equal scores get equal priorities, higher scores lower ones. */
  private static int[] priorities(Vocabulary vocabulary) {
    float[] ascending = new float[vocabulary.size()];
    for (int id = 0; id < ascending.length; id++) {
      ascending[id] = vocabulary.score(id);
    }
    Arrays.sort(ascending);
    int[] priorities = new int[ascending.length];
    for (int id = 0; id < priorities.length; id++) {
      priorities[id] = ascending.length - firstAtLeast(ascending, vocabulary.score(id));
    }
    return priorities;
  }

  private static int firstAtLeast(float[] ascending, float score) {
    int low = 0;
    int high = ascending.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Float.compare(ascending[middle], score) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
