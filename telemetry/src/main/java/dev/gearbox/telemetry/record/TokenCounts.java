package dev.gearbox.telemetry.record;

/**
 * Tokens of one request, in the tokens of the variant that answered.
 *
 * @param prompt tokens of the prompt, cached ones included
 * @param cached prompt tokens whose keys and values came from the prefix cache
 * @param generated tokens sampled, an end-of-sequence token not included
 */
public record TokenCounts(int prompt, int cached, int generated) {
  public static final TokenCounts NONE = new TokenCounts(0, 0, 0);

  public TokenCounts {
    if (prompt < 0 || cached < 0 || generated < 0 || cached > prompt) {
      throw new IllegalArgumentException(
          "token counts out of range: prompt=%d cached=%d generated=%d"
              .formatted(prompt, cached, generated));
    }
  }

  public int total() {
    return prompt + generated;
  }
}
