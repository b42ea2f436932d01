package dev.gearbox.policy.predict;

import dev.gearbox.telemetry.record.StepRecord;
import java.util.Arrays;
import java.util.List;

/**
 * What an engine's steps are guessed to take before any is seen, in seconds.
 *
 * @param step every step
 * @param sequence one decoding sequence more
 * @param context a thousand tokens of context of decoding sequences
 * @param prefill one prompt token more
 * @param pairs a million pairs of a prompt token and one before it
 */
public record StepPrior(
    double step, double sequence, double context, double prefill, double pairs) {
  private static final int TURNS = 2000;

  /** No step is for nothing. */
  private static final double SHORTEST = 1e-6;

  /** By the bytes of a variant and the speed of its device. */
  static StepPrior of(long parameterBytes, DevicePrior device) {
    double read = Math.max(1, parameterBytes) / device.bytesPerSecond();
    double token = Math.max(1, parameterBytes) / device.tokenBytesPerSecond();
    // Attention grows with the context: a thousand tokens of it cost about a twentieth of a token,
    // and a chunk of a million token-pairs about fifty tokens.
    return new StepPrior(read, token, token / 20, token, token * 50);
  }

  /**
   * The least squares of the relative error over steps that were measured, with no coefficient
   * below 0: one coefficient after another is set to its best until none moves any more.
   *
   * @throws IllegalArgumentException when there are no steps
   */
  public static StepPrior fitted(List<StepRecord> measured) {
    if (measured.isEmpty()) {
      throw new IllegalArgumentException("a prior is fitted to steps, and there are none");
    }
    double[][] carried = measured.stream().map(StepPrior::carried).toArray(double[][]::new);
    double[] theta = new double[5];
    double[] error = new double[carried.length];
    Arrays.fill(error, 1);
    for (int turn = 0; turn < TURNS; turn++) {
      for (int i = 0; i < theta.length; i++) {
        double product = 0;
        double square = 0;
        for (int row = 0; row < carried.length; row++) {
          product += carried[row][i] * error[row];
          square += carried[row][i] * carried[row][i];
        }
        double best = square == 0 ? 0 : Math.max(0, theta[i] + product / square);
        for (int row = 0; row < carried.length; row++) {
          error[row] -= carried[row][i] * (best - theta[i]);
        }
        theta[i] = best;
      }
    }
    return new StepPrior(Math.max(SHORTEST, theta[0]), theta[1], theta[2], theta[3], theta[4]);
  }

  /** What a step carried, over the seconds that it took. */
  private static double[] carried(StepRecord step) {
    double seconds = step.nanos() / 1e9;
    return new double[] {
      1 / seconds,
      step.decodeSequences() / seconds,
      step.contextTokens() / 1e3 / seconds,
      step.prefillTokens() / seconds,
      step.prefillContext() / 1e6 / seconds
    };
  }
}
