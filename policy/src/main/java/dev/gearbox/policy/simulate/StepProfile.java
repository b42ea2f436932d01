package dev.gearbox.policy.simulate;

import dev.gearbox.telemetry.record.StepRecord;

/**
 * Time of a step as a linear function of what it carries, in seconds.
 *
 * @param step every step: weights read once, kernels launched
 * @param sequence one decoding sequence more
 * @param context a thousand tokens of context of decoding sequences
 * @param prefill one prompt token more
 * @param pairs a million pairs of a prompt token and one before it
 * @param noise standard deviation of the logarithm of a step's time
 * @param source where the figures come from
 */
public record StepProfile(
    double step,
    double sequence,
    double context,
    double prefill,
    double pairs,
    double noise,
    String source) {
  public StepProfile {
    if (!(step > 0)) {
      throw new IllegalArgumentException("a step must take time, got " + step + " s");
    }
    if (!(Math.min(Math.min(sequence, context), Math.min(prefill, pairs)) >= 0)
        || !(noise >= 0 && noise <= 2)) {
      throw new IllegalArgumentException("step times are 0 or more, and noise is 0 to 2");
    }
  }

  /** Seconds of a step without noise. */
  double seconds(StepRecord carried) {
    return step
        + sequence * carried.decodeSequences()
        + context * carried.contextTokens() / 1e3
        + prefill * carried.prefillTokens()
        + pairs * carried.prefillContext() / 1e6;
  }

  /** Device-seconds that a request takes at least, in a batch of {@code batch}. */
  public double work(int promptTokens, int outputTokens, int batch) {
    double middle = promptTokens + outputTokens / 2.0;
    return prefill * promptTokens
        + pairs * promptTokens * promptTokens / 2e6
        + outputTokens * (step / batch + sequence + context * middle / 1e3);
  }
}
