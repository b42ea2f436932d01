package dev.gearbox.runtime.schedule;

/**
 * How long the parts of a step take, from the steps seen: decode as a whole, prefill per token, all
 * exponentially weighted. Coarse on purpose: it only keeps prefill chunks from breaking a promise
 * and guesses from costing more than they bring; the policy has its own model.
 */
public final class StepTime {
  private static final double WEIGHT = 0.2;

  private static final double SLOW_WEIGHT = 0.05;

  /** Cost of one more token in a small step before any was seen, as a share of the step. */
  private static final double FIRST_SLOPE = 0.15;

  /** Variance of the tokens of a step below which the slope is rather taken from that share. */
  private static final double TRUSTED_VARIANCE = 0.05;

  private double decodeNanos = Double.NaN;
  private double prefillTokenNanos = Double.NaN;
  // Moments of (tokens, nanos) over the steps without prompts: a line through them.
  private double tokens = Double.NaN;
  private double nanos = Double.NaN;
  private double squares = Double.NaN;
  private double products = Double.NaN;

  /** Learns from a step. */
  public void observe(int decodeSequences, int drafts, int prefillTokens, double seen) {
    if (prefillTokens > 0) {
      double prefill = seen - (decodeSequences > 0 ? decodeNanos() : 0);
      prefillTokenNanos = blend(prefillTokenNanos, Math.max(0, prefill) / prefillTokens, WEIGHT);
      return;
    }
    if (drafts == 0) {
      decodeNanos = blend(decodeNanos, seen, WEIGHT);
    }
    double count = decodeSequences + drafts;
    tokens = blend(tokens, count, SLOW_WEIGHT);
    nanos = blend(nanos, seen, SLOW_WEIGHT);
    squares = blend(squares, count * count, SLOW_WEIGHT);
    products = blend(products, count * seen, SLOW_WEIGHT);
  }

  /** A step that only decodes one token of each sequence; 0 before the first. */
  public double decodeNanos() {
    return Double.isNaN(decodeNanos) ? 0 : decodeNanos;
  }

  /** One more prompt token in a step; 0 before the first. */
  public double prefillTokenNanos() {
    return Double.isNaN(prefillTokenNanos) ? 0 : prefillTokenNanos;
  }

  /** A step of {@code count} tokens, drafts among them, without prompts; 1 before the first. */
  public double stepNanos(int count) {
    if (Double.isNaN(nanos)) {
      return 1 + FIRST_SLOPE * (count - 1);
    }
    double variance = Math.max(0, squares - tokens * tokens);
    double covariance = products - tokens * nanos;
    double slope =
        (covariance + TRUSTED_VARIANCE * FIRST_SLOPE * nanos / tokens)
            / (variance + TRUSTED_VARIANCE);
    // A token more costs something, and no more than the average one does.
    slope = Math.clamp(slope, 0.01 * nanos / tokens, nanos / tokens);
    return nanos + slope * (count - tokens);
  }

  private static double blend(double old, double seen, double weight) {
    return Double.isNaN(old) ? seen : old + weight * (seen - old);
  }
}
