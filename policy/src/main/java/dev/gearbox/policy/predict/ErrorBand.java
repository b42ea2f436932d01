package dev.gearbox.policy.predict;

/**
 * How wrong one kind of prediction is: the scores {@code s = ln(actual / predicted)} as a decayed
 * histogram, for probabilities, and as tracked quantiles, for promises.
 *
 * <p>A tracked quantile moves by {@code q ← q + η·(err − α)}, {@code err = 1[s > q]}, {@code η =
 * 0.05·max|s|} over the recent scores: whatever the scores do, the share above q goes to α (the
 * proportional part of conformal PID, arXiv 2307.16895). Starts from a normal of width {@link
 * #PRIOR_SIGMA}.
 */
final class ErrorBand {
  static final double PRIOR_SIGMA = 0.5;

  /** Quantile levels that are tracked. */
  static final double[] LEVELS = {0.5, 0.9, 0.95, 0.99};

  private static final double[] LEVEL_SIGMAS = {0, 1.2816, 1.6449, 2.3263};
  private static final int BINS = 64;
  private static final double LOW = -4;
  private static final double WIDTH = 8.0 / BINS;
  private static final double PRIOR_WEIGHT = 20;
  private static final double GROWTH = Math.pow(2, 1.0 / 500);
  private static final double RENORMALISE = 1e6;
  private static final double RATE = 0.05;
  private static final int RECENT = 100;

  private final double[] bins = new double[BINS];
  private final double[] quantiles = new double[LEVELS.length];
  private final double[] recent = new double[RECENT];
  private double total;
  private double weight = 1;
  private long observed;

  ErrorBand() {
    for (int i = 0; i < BINS; i++) {
      double from = LOW + i * WIDTH;
      bins[i] =
          PRIOR_WEIGHT
              * (Normal.cdf((from + WIDTH) / PRIOR_SIGMA) - Normal.cdf(from / PRIOR_SIGMA));
      total += bins[i];
    }
    for (int i = 0; i < LEVELS.length; i++) {
      quantiles[i] = LEVEL_SIGMAS[i] * PRIOR_SIGMA;
    }
    recent[0] = 1;
  }

  /** Learns from a request that showed its latency. */
  synchronized void observe(double score) {
    double s = clamp(score);
    recent[(int) (observed % RECENT)] = Math.abs(s);
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      double alpha = 1 - LEVELS[i];
      quantiles[i] += eta * ((s > quantiles[i] ? 1 : 0) - alpha);
    }
    add(bin(s), weight);
    grow();
  }

  /**
   * Learns from a request that was given up while its score was still below what it would have
   * become: it counts as what the survivors of {@code score} usually do. Leaving it out would make
   * the model rosy, because slow requests are given up more often.
   */
  synchronized void observeCensored(double score) {
    double s = clamp(score);
    double survival = Math.max(1e-6, 1 - cdf(s));
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      double alpha = 1 - LEVELS[i];
      double miss = s >= quantiles[i] ? 1 : Math.min(1, alpha / survival);
      quantiles[i] += eta * (miss - alpha);
    }
    spread(s);
    grow();
  }

  /** Share of scores at or under {@code score}, with errors {@code widening} times as wide. */
  synchronized double below(double score, double widening) {
    return cdf(clamp(score / widening));
  }

  /** Score that a share {@code level} of requests stays under, of the next tracked level. */
  synchronized double quantile(double level) {
    for (int i = 0; i < LEVELS.length; i++) {
      if (LEVELS[i] >= level - 1e-9) {
        return quantiles[i];
      }
    }
    return quantiles[LEVELS.length - 1];
  }

  /** Requests learned from. */
  synchronized long observed() {
    return observed;
  }

  private double cdf(double s) {
    double at = (s - LOW) / WIDTH;
    int bin = Math.min(BINS - 1, (int) at);
    double sum = 0;
    for (int i = 0; i < bin; i++) {
      sum += bins[i];
    }
    sum += bins[bin] * Math.min(1, at - bin);
    return Math.min(1, sum / total);
  }

  /** One observation, shared among the bins from s upwards as the histogram has them. */
  private void spread(double s) {
    int from = bin(s);
    double above = 0;
    for (int i = from; i < BINS; i++) {
      above += bins[i];
    }
    if (above < 1e-9) {
      add(from, weight);
      return;
    }
    double factor = weight / above;
    for (int i = from; i < BINS; i++) {
      bins[i] *= 1 + factor;
    }
    total += weight;
  }

  private void add(int bin, double amount) {
    bins[bin] += amount;
    total += amount;
  }

  /** Old observations decay because each one weighs a little more than the one before. */
  private void grow() {
    observed++;
    weight *= GROWTH;
    if (weight > RENORMALISE) {
      for (int i = 0; i < BINS; i++) {
        bins[i] /= weight;
      }
      total /= weight;
      weight = 1;
    }
  }

  private double eta() {
    double largest = 0;
    for (double s : recent) {
      largest = Math.max(largest, s);
    }
    return RATE * Math.max(largest, 0.01);
  }

  private static int bin(double s) {
    return Math.min(BINS - 1, (int) ((s - LOW) / WIDTH));
  }

  private static double clamp(double s) {
    return Math.max(LOW, Math.min(-LOW, s));
  }
}
