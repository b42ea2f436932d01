package dev.gearbox.runtime.speculate;

/**
 * Guesses that a text goes on as it did before: finds the longest earlier occurrence of its last
 * tokens, the latest among equals, and copies what followed (Saxena, "Prompt Lookup Decoding",
 * 2023). Summaries, edits and code repeat their prompt a lot; free text hardly does.
 *
 * <pre>
 *   tokens   | a b c d e … x b c |           last tokens: b c
 *                  └ copied: d e …
 * </pre>
 */
public final class PromptLookup {
  /** Fewer tokens in common are chance. */
  public static final int SHORT = 2;

  /** As many are hardly ever chance. */
  public static final int LONG = 4;

  /** More tokens in common add nothing. */
  private static final int ENOUGH = 8;

  private PromptLookup() {}

  /**
   * Writes up to {@code most} guesses behind the first {@code size} tokens; there is room for them.
   *
   * @param least tokens that must be in common
   * @return number of guesses: {@code most}, or 0 where the last tokens never occurred before
   */
  public static int propose(int[] tokens, int size, int most, int least) {
    int from = continuation(tokens, size, least);
    if (from < 0) {
      return 0;
    }
    // The copy may run into itself, as what repeats with a short period does.
    for (int i = 0; i < most; i++) {
      tokens[size + i] = tokens[from + i];
    }
    return most;
  }

  private static int continuation(int[] tokens, int size, int least) {
    int best = -1;
    int longest = least - 1;
    for (int end = size - 1; end > longest; end--) {
      int length = common(tokens, end, size);
      if (length > longest) {
        best = end;
        longest = length;
        if (length == ENOUGH) {
          break;
        }
      }
    }
    return best;
  }

  /** Number of equal tokens before {@code end} and before {@code size}. */
  private static int common(int[] tokens, int end, int size) {
    int most = Math.min(ENOUGH, end);
    int length = 0;
    while (length < most && tokens[end - 1 - length] == tokens[size - 1 - length]) {
      length++;
    }
    return length;
  }
}
