package dev.gearbox.policy.predict;

import dev.gearbox.telemetry.record.StepRecord;

/**
 * Time of one engine's step as a linear function of what the step carries, fitted by recursive
 * least squares on the relative error. What is read of it is never negative, and mixed with the
 * prior while few steps were seen.
 *
 * <pre>
 *   x  = [1, D decode sequences, K/1e3 context tokens, T prefill tokens, A/1e6 prefill·context, O]
 *   e  = 1 − θ·x/y      z = x/y      g = P z / (f + zᵀPz)
 *   θ ← θ + g e                      P ← (P − g zᵀP) / f
 * </pre>
 *
 * No coefficient becomes less certain than it was at the start, so that a long calm does not make
 * the next step count for everything. That bound is per coefficient: one on the trace would let a
 * feature that never shows (no other engine on the device) use it up and stop all forgetting. P is
 * in units of the relative noise's variance. One thread learns; any may read, from coefficients
 * that are replaced as a whole.
 */
final class StepModel {
  private static final int N = 6;
  private static final double FORGETTING = 0.998;

  /** Forgetting after a drift, and for how many steps. */
  private static final double HURRIED = 0.98;

  private static final int HURRIED_STEPS = 200;

  /** Prompt tokens that a scheduler puts into one step, until it is seen. */
  private static final double CHUNK = 512;

  private static final double CHUNK_GAIN = 0.2;
  private static final double NOISE = 0.1;
  private static final double PRIOR_SPREAD = 0.7;
  private static final double WORST_ERROR = -4;

  /** Half of what coefficients usually are, in those of a prompt token. */
  private static final double[] IN_TOKENS = {0.5, 0.5, 1.0 / 40, 0.5, 25};

  private final double[] covariance = new double[N * N];
  private final double[] scale = new double[N];
  private final double[] z = new double[N];
  private final double[] pz = new double[N];
  private final double[] priorTheta;
  private double[] theta;
  private volatile double[] shown;
  private volatile long steps;
  private volatile long hurryUntil;
  private volatile double chunkAlone = CHUNK;
  private volatile double chunkAmong = CHUNK;
  private int lastPrefill;
  private boolean lastDecoded;

  StepModel(StepPrior prior) {
    theta =
        new double[] {
          prior.step(), prior.sequence(), prior.context(), prior.prefill(), prior.pairs(), 0
        };
    priorTheta = theta;
    shown = theta;
    for (int i = 0; i < N; i++) {
      // What the prior holds for nothing may still turn out to be something.
      double spread =
          i == N - 1 ? 0.1 : PRIOR_SPREAD * Math.max(theta[i], IN_TOKENS[i] * prior.prefill());
      scale[i] = spread * spread / (NOISE * NOISE);
      covariance[i * N + i] = scale[i];
    }
  }

  /** Learns from one step; called by one thread at a time. */
  void learn(StepRecord step) {
    double y = step.nanos() / 1e9;
    if (!(y > 0)) {
      return;
    }
    learnChunk(step);
    double forgetting = steps < hurryUntil ? HURRIED : FORGETTING;
    z[0] = 1 / y;
    z[1] = step.decodeSequences() / y;
    z[2] = step.contextTokens() / 1e3 / y;
    z[3] = step.prefillTokens() / y;
    z[4] = step.prefillContext() / 1e6 / y;
    z[5] = step.otherStepsNanos() / 1e9 / y;
    double[] next = theta.clone();
    double error = 1;
    double gainScale = forgetting;
    for (int i = 0; i < N; i++) {
      error -= next[i] * z[i];
      pz[i] = 0;
      for (int j = 0; j < N; j++) {
        pz[i] += covariance[i * N + j] * z[j];
      }
    }
    for (int i = 0; i < N; i++) {
      gainScale += z[i] * pz[i];
    }
    // One step that a pause made absurdly short or long must not throw the model away.
    error = Math.max(WORST_ERROR, error);
    for (int i = 0; i < N; i++) {
      next[i] += pz[i] / gainScale * error;
    }
    updateCovariance(gainScale, forgetting);
    theta = next;
    shown = blended(next);
    // Only the learning thread writes.
    long before = steps;
    steps = before + 1;
  }

  /**
   * A few steps say little of what makes them long, and a variant that looks slow for it would not
   * be chosen again, so the prior counts until {@link LatencyModel#WARM_STEPS} are seen.
   */
  private double[] blended(double[] learned) {
    double weight = Math.min(1, (steps + 1.0) / LatencyModel.WARM_STEPS);
    double[] mixed = new double[N];
    for (int i = 0; i < N; i++) {
      mixed[i] = Math.max(0, priorTheta[i] + weight * (learned[i] - priorTheta[i]));
    }
    return mixed;
  }

  /**
   * A prompt that goes on in this step filled the one before, as far as its promises let it. It
   * goes on when its context is longer than a prompt that begins here could have.
   */
  private void learnChunk(StepRecord step) {
    double fromScratch = 0.5 * step.prefillTokens() * step.prefillTokens();
    if (lastPrefill > 0 && step.prefillContext() > fromScratch * 1.01) {
      if (lastDecoded) {
        chunkAmong = closer(chunkAmong, lastPrefill);
      } else {
        chunkAlone = closer(chunkAlone, lastPrefill);
      }
    }
    lastPrefill = step.prefillTokens();
    lastDecoded = step.decodeSequences() > 0;
  }

  private static double closer(double chunk, double seen) {
    return chunk + CHUNK_GAIN * (seen - chunk);
  }

  private void updateCovariance(double gainScale, double forgetting) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        covariance[i * N + j] = (covariance[i * N + j] - pz[i] * pz[j] / gainScale) / forgetting;
      }
    }
    for (int i = 0; i < N; i++) {
      double variance = covariance[i * N + i];
      if (variance > scale[i]) {
        shrink(i, Math.sqrt(scale[i] / variance));
      }
    }
  }

  /** Scales a row and a column alike, which keeps the matrix positive. */
  private void shrink(int at, double factor) {
    for (int j = 0; j < N; j++) {
      covariance[at * N + j] *= factor;
      covariance[j * N + at] *= factor;
    }
  }

  /** Steps learned from. */
  long steps() {
    return steps;
  }

  /** Forgets faster for a while, because what was learned does not hold. */
  void hurry() {
    hurryUntil = steps + HURRIED_STEPS;
  }

  /** Prompt tokens that a step carries, beside decoding sequences or without. */
  double chunk(boolean amongDecodes) {
    return Math.max(1, amongDecodes ? chunkAmong : chunkAlone);
  }

  /** Predicted seconds that one more sequence adds to a step that reads the weights anyway. */
  double joining(double contextTokens) {
    double[] t = shown;
    return t[1] + t[2] * contextTokens / 1e3;
  }

  /** Predicted seconds of a step without prefill. */
  double decode(double sequences, double contextTokens) {
    double[] t = shown;
    return t[0] + t[1] * sequences + t[2] * contextTokens / 1e3;
  }

  /** Predicted seconds that prefill adds to the steps that carry it. */
  double prefill(double tokens, double prefillContext) {
    double[] t = shown;
    return t[3] * tokens + t[4] * prefillContext / 1e6;
  }

  /** Device-seconds of one decode token of a sequence: its share of the batch of {@code batch}. */
  double averageToken(long batch, double contextTokens) {
    double[] t = shown;
    return t[0] / batch + t[1] + t[2] * contextTokens / 1e3;
  }
}
