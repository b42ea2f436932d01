package dev.gearbox.format.tokenizer;

import dev.gearbox.format.gguf.GgufException;
import java.util.function.Consumer;

/**
 * How a text is cut into words before byte-pair encoding, by the name in {@code
 * tokenizer.ggml.pre}. The patterns of the models' tokenizer.json are matched by hand, in one pass
 * and without backtracking:
 *
 * <pre>
 * gpt-2     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * smollm    the same after each \p{N} has become a word of its own
 * qwen2     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * llama-bpe the same with \p{N}{1,3}
 * </pre>
 */
enum PreTokenizer {
  GPT_2,
  SMOLLM,
  QWEN2,
  LLAMA_BPE;

  static PreTokenizer of(String name) {
    return switch (name) {
      case "gpt-2" -> GPT_2;
      case "smollm" -> SMOLLM;
      case "qwen2", "deepseek-r1-qwen" -> QWEN2;
      case "llama-bpe", "llama3", "llama-v3" -> LLAMA_BPE;
      default ->
          throw new GgufException(
              GgufException.Code.BAD_VALUE,
              "tokenizer.ggml.pre is %s; supported are gpt-2, smollm, qwen2 and llama-bpe"
                  .formatted(name));
    };
  }

  /** Whether a word that is a token is not merged at all. */
  boolean wholeWordsFirst() {
    return this == LLAMA_BPE;
  }

  void split(String text, Consumer<String> words) {
    int[] points = text.codePoints().map(PreTokenizer::scalar).toArray();
    for (int from = 0; from < points.length; ) {
      int end = this == SMOLLM ? endOfPiece(points, from) : points.length;
      WordScanner scanner = new WordScanner(points, end);
      while (from < end) {
        int to =
            switch (this) {
              case GPT_2, SMOLLM -> scanner.gpt2(from);
              case QWEN2 -> scanner.llama(from, 1);
              case LLAMA_BPE -> scanner.llama(from, 3);
            };
        words.accept(new String(points, from, to - from));
        from = to;
      }
    }
  }

  /** One number, or all up to the next number. */
  private static int endOfPiece(int[] points, int from) {
    int end = from + 1;
    while (!WordScanner.isNumber(points[from])
        && end < points.length
        && !WordScanner.isNumber(points[end])) {
      end++;
    }
    return end;
  }

  /** Half a surrogate pair is no character. */
  private static int scalar(int point) {
    return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE ? 0xFFFD : point;
  }
}
