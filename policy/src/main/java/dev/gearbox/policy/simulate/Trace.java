package dev.gearbox.policy.simulate;

import java.util.List;

/**
 * Requests that were seen somewhere.
 *
 * @param name for reports
 * @param rows in the order of their time
 */
public record Trace(String name, List<Row> rows) {
  /** Tokens of a named stretch of prompt, as in Mooncake's traces. */
  public static final int BLOCK_TOKENS = 512;

  /**
   * One request.
   *
   * @param seconds since the first
   * @param promptTokens length of the prompt
   * @param outputTokens length of the answer
   * @param blocks names of the prompt's stretches, as in {@link Arrival}
   */
  public record Row(double seconds, int promptTokens, int outputTokens, List<Long> blocks) {
    public Row {
      blocks = List.copyOf(blocks);
    }
  }

  public Trace {
    rows = List.copyOf(rows);
    if (rows.size() < 2) {
      throw new IllegalArgumentException(
          "a trace needs two requests or more, " + name + " has " + rows.size());
    }
  }

  /** Last arrival less the first. */
  public double seconds() {
    return rows.getLast().seconds() - rows.getFirst().seconds();
  }

  /** Requests per second. */
  public double rate() {
    return rows.size() / Math.max(1e-9, seconds());
  }
}
