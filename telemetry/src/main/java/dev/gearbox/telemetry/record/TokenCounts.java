package dev.gearbox.telemetry.record;

/**
 * Tokens of one request, in the tokens of the variant that answered.
 *
 * @param prompt tokens of the prompt, cached ones included
 * @param cached prompt tokens whose keys and values came from the prefix cache
 * @param generated tokens sampled, an end-of-sequence token not included
 * @param longest tokens of these in the longest answer, where a request has several
 */
public record TokenCounts(int prompt, int cached, int generated, int longest) {
  public static final TokenCounts NONE = new TokenCounts(0, 0, 0, 0);

  public TokenCounts {
    if (prompt < 0 || cached < 0 || generated < 0 || cached > prompt) {
      throw new IllegalArgumentException(
          "token counts out of range: prompt=%d cached=%d generated=%d"
              .formatted(prompt, cached, generated));
    }
  }

  /** Tokens of a request with one answer. */
  public TokenCounts(int prompt, int cached, int generated) {
    this(prompt, cached, generated, generated);
  }

  public int total() {
    return prompt + generated;
  }
}
