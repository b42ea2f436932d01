package dev.gearbox.runtime.schedule;

/**
 * How long the parts of a step take, from the steps seen: decode as a whole, prefill per token,
 * both exponentially weighted. Coarse on purpose: it only keeps prefill chunks from breaking a
 * promise; the policy has its own model.
 */
public final class StepTime {
  private static final double WEIGHT = 0.2;

  private double decodeNanos = Double.NaN;
  private double prefillTokenNanos = Double.NaN;

  /** Learns from a step. */
  public void observe(int decodeSequences, int prefillTokens, double nanos) {
    if (prefillTokens == 0) {
      decodeNanos = blend(decodeNanos, nanos);
    } else {
      double prefill = nanos - (decodeSequences > 0 ? decodeNanos() : 0);
      prefillTokenNanos = blend(prefillTokenNanos, Math.max(0, prefill) / prefillTokens);
    }
  }

  /** A step that only decodes; 0 before the first. */
  public double decodeNanos() {
    return Double.isNaN(decodeNanos) ? 0 : decodeNanos;
  }

  /** One more prompt token in a step; 0 before the first. */
  public double prefillTokenNanos() {
    return Double.isNaN(prefillTokenNanos) ? 0 : prefillTokenNanos;
  }

  private static double blend(double old, double seen) {
    return Double.isNaN(old) ? seen : old + WEIGHT * (seen - old);
  }
}
