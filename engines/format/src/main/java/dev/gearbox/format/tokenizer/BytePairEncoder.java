package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Byte-level BPE: words as the pre-tokenizer cuts them, their bytes written in the byte alphabet,
 * merged by rank.
 */
final class BytePairEncoder implements FragmentEncoder {
  private static final int CACHED_WORDS = 1 << 15;
  private static final int CACHED_WORD_LENGTH = 64;

  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final List<String> symbolTexts;
  private final int[] byteSymbols = new int[256];
  private final Map<Long, Long> merges;
  private final Map<String, int[]> cache = new ConcurrentHashMap<>();

  BytePairEncoder(Vocabulary vocabulary, PreTokenizer preTokenizer, List<String> mergeRules) {
    this.vocabulary = vocabulary;
    this.preTokenizer = preTokenizer;
    this.symbolTexts = new ArrayList<>();
    this.merges = new HashMap<>(mergeRules.size() * 2);
    Map<String, Integer> symbols = new HashMap<>();
    for (int b = 0; b < 256; b++) {
      byteSymbols[b] = symbol(String.valueOf(ByteAlphabet.character((byte) b)), symbols);
    }
    for (int rank = 0; rank < mergeRules.size(); rank++) {
      String rule = mergeRules.get(rank);
      int space = rule.indexOf(' ', 1);
      if (space < 0) {
        throw new GgufException(
            GgufException.Code.BAD_VALUE, "tokenizer.ggml.merges[%d] is no pair".formatted(rank));
      }
      int left = symbol(rule.substring(0, space), symbols);
      int right = symbol(rule.substring(space + 1), symbols);
      int merged = symbol(symbolTexts(left) + symbolTexts(right), symbols);
      merges.putIfAbsent((long) left << 32 | right, PairTable.packed(rank, merged));
    }
  }

  @Override
  public void encode(String text, TokenIdBuffer out) {
    preTokenizer.split(text, word -> out.addAll(encodeWord(word)));
  }

  @Override
  public byte[] bytes(int id) {
    String text = vocabulary.text(id);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    text.codePoints()
        .forEach(point -> {
          int b = point < 0x10000 ? ByteAlphabet.byteOf((char) point) : -1;
          if (b >= 0) {
            bytes.write(b);
          } else {
            bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
          }
        });
    return bytes.toByteArray();
  }

  private int[] encodeWord(String word) {
    int[] known = cache.get(word);
    if (known != null) {
      return known;
    }
    int[] ids = mergeWord(word.getBytes(StandardCharsets.UTF_8));
    if (word.length() <= CACHED_WORD_LENGTH) {
      if (cache.size() >= CACHED_WORDS) {
        cache.clear();
      }
      cache.put(word, ids);
    }
    return ids;
  }

  private int[] mergeWord(byte[] utf8) {
    if (preTokenizer.wholeWordsFirst()) {
      StringBuilder written = new StringBuilder(utf8.length);
      for (byte b : utf8) {
        written.append(ByteAlphabet.character(b));
      }
      int id = vocabulary.idOf(written.toString());
      if (id >= 0) {
        return new int[] {id};
      }
    }
    int[] symbols = new int[utf8.length];
    for (int i = 0; i < utf8.length; i++) {
      symbols[i] = byteSymbols[utf8[i] & 0xFF];
    }
    return ids(PairMerger.merge(symbols, this::mergeOf));
  }

  private long mergeOf(int left, int right) {
    return merges.getOrDefault((long) left << 32 | right, PairTable.NONE);
  }

  /**
   * A symbol is the id of its token; one without a token gets a number beyond them and encodes as
   * nothing, as in llama.cpp.
   */
  private int[] ids(int[] symbols) {
    TokenIdBuffer ids = new TokenIdBuffer();
    for (int symbol : symbols) {
      if (symbol < vocabulary.size()) {
        ids.add(symbol);
      }
    }
    return ids.toArray();
  }

  private int symbol(String text, Map<String, Integer> unnamed) {
    int id = vocabulary.idOf(text);
    if (id >= 0) {
      return id;
    }
    return unnamed.computeIfAbsent(
        text,
        t -> {
          symbolTexts.add(t);
          return vocabulary.size() + symbolTexts.size() - 1;
        });
  }

  private String symbolTexts(int symbol) {
    return symbol < vocabulary.size()
        ? vocabulary.text(symbol)
        : symbolTexts.get(symbol - vocabulary.size());
  }
}
