package dev.gearbox.policy.predict;

/**
 * How wrong one kind of prediction is: the scores {@code s = ln(actual / predicted)} as a decayed
 * histogram, for probabilities, and as tracked quantiles, for promises.
 *
 * <p>A tracked quantile moves by {@code q ← q + η·(err − α)}, {@code err = 1[s > q in force at the
 * decision]}, {@code η = 0.05·max|s|} over the recent scores: whatever the scores do, the share
 * above q goes to α (the proportional part of conformal PID, arXiv 2307.16895). Starts from a
 * normal of width {@link #PRIOR_SIGMA}.
 *
 * <p>While the 0.9 quantile covers much less than it should, or after the errors drifted, the band
 * is to be taken wider. Reading never waits for learning.
 */
final class ErrorBand {
  static final double PRIOR_SIGMA = 0.5;

  /** Quantile levels that are tracked. */
  static final double[] LEVELS = {0.5, 0.9, 0.95, 0.99};

  /** How much wider to take a band that does not hold. */
  static final double CONSERVATIVE = 1.5;

  private static final double[] LEVEL_SIGMAS = {0, 1.2816, 1.6449, 2.3263};
  private static final int MEDIAN = 0;
  private static final int WATCHED = 1;
  private static final int BINS = 64;
  private static final double LOW = -4;
  private static final double WIDTH = 8.0 / BINS;
  private static final double PRIOR_WEIGHT = 20;
  private static final double GROWTH = Math.pow(2, 1.0 / 500);
  private static final double RENORMALISE = 1e6;
  private static final double RATE = 0.05;
  private static final int RECENT = 100;
  private static final double COVERAGE_GAIN = 0.01;
  private static final int COVERAGE_SEEN = 50;
  private static final double BROKEN = 0.08;
  private static final double MENDED = 0.03;

  /** What stays of the histogram, and for how many requests the band is wide, after a drift. */
  private static final double KEPT = 0.25;

  private static final int UNSETTLED = 200;

  private final double[] bins = new double[BINS];
  private final double[] quantiles = new double[LEVELS.length];
  private final double[] recent = new double[RECENT];
  private final Drift drift = new Drift();
  private double total;
  private double weight = 1;
  private long observed;
  private double coverage = LEVELS[WATCHED];
  private boolean broken;
  private int unsettled;
  private volatile Shown shown;

  /** What readers see: share of scores under each bin's lower edge, quantiles, widening. */
  private static final class Shown {
    final double[] cumulative;
    final double[] quantiles;
    final double widening;

    Shown(double[] cumulative, double[] quantiles, double widening) {
      this.cumulative = cumulative;
      this.quantiles = quantiles;
      this.widening = widening;
    }
  }

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
    shown = new Shown(cumulative(), quantiles.clone(), 1);
  }

  /** Learns from a request that showed its latency; whether the errors have drifted away. */
  boolean observe(double score) {
    return observe(score, Promised.NOTHING);
  }

  /** As {@link #observe(double)}, of a request that was decided when {@code promised} held. */
  synchronized boolean observe(double score, Promised promised) {
    double s = clamp(score);
    recent[(int) (observed % RECENT)] = Math.abs(s);
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      double alpha = 1 - LEVELS[i];
      double miss = s > used(i, promised) ? 1 : 0;
      quantiles[i] += eta * (miss - alpha);
      if (i == WATCHED) {
        watch(1 - miss);
      }
    }
    add(bin(s), weight);
    boolean drifted = drift.observe(s);
    if (drifted) {
      forget();
    }
    finish();
    return drifted;
  }

  /**
   * Learns from a request that was given up while its score was still below what it would have
   * become: it counts as what the survivors of {@code score} usually do. Leaving it out would make
   * the model rosy, because slow requests are given up more often.
   */
  void observeCensored(double score) {
    observeCensored(score, Promised.NOTHING);
  }

  /** As {@link #observeCensored(double)}, decided when {@code promised} held. */
  synchronized void observeCensored(double score, Promised promised) {
    double s = clamp(score);
    double survival = Math.max(1e-6, 1 - shownCdf(s));
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      double alpha = 1 - LEVELS[i];
      double miss = s >= used(i, promised) ? 1 : Math.min(1, alpha / survival);
      quantiles[i] += eta * (miss - alpha);
      if (i == WATCHED) {
        watch(1 - miss);
      }
    }
    spread(s);
    finish();
  }

  /** Share of scores at or under {@code score}, with errors {@code widening} times as wide. */
  double below(double score, double widening) {
    return shownCdf(clamp(score / widening));
  }

  /** Score that a share {@code level} of requests stays under, of the next tracked level. */
  double quantile(double level) {
    return shown.quantiles[index(level)];
  }

  /** How many times as wide as it says the band should be taken; 1 while it holds. */
  double widening() {
    return shown.widening;
  }

  /** A quantile's score of a band that is taken wider; a quantile below 0 is left alone. */
  static double widen(double score, double widening) {
    return score > 0 ? score * widening : score;
  }

  static double narrow(double score, double widening) {
    return score > 0 ? score / widening : score;
  }

  private static int index(double level) {
    for (int i = 0; i < LEVELS.length; i++) {
      if (LEVELS[i] >= level - 1e-9) {
        return i;
      }
    }
    return LEVELS.length - 1;
  }

  private double used(int level, Promised promised) {
    double told =
        level == index(promised.level())
            ? promised.high()
            : level == MEDIAN ? promised.median() : Double.NaN;
    return Double.isNaN(told) ? quantiles[level] : told;
  }

  private void watch(double within) {
    coverage += Math.max(COVERAGE_GAIN, 1.0 / (observed + COVERAGE_SEEN)) * (within - coverage);
    double wanted = LEVELS[WATCHED];
    broken = coverage < wanted - (broken ? MENDED : BROKEN);
  }

  private double shownCdf(double s) {
    double[] under = shown.cumulative;
    double at = (s - LOW) / WIDTH;
    int bin = Math.min(BINS - 1, (int) at);
    return Math.min(1, under[bin] + (under[bin + 1] - under[bin]) * Math.min(1, at - bin));
  }

  private double[] cumulative() {
    double[] under = new double[BINS + 1];
    for (int i = 0; i < BINS; i++) {
      under[i + 1] = under[i] + bins[i] / total;
    }
    return under;
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

  private void forget() {
    for (int i = 0; i < BINS; i++) {
      bins[i] *= KEPT;
    }
    total *= KEPT;
    unsettled = UNSETTLED;
  }

  /** Old observations decay because each one weighs a little more than the one before. */
  private void finish() {
    observed++;
    unsettled = Math.max(0, unsettled - 1);
    weight *= GROWTH;
    if (weight > RENORMALISE) {
      for (int i = 0; i < BINS; i++) {
        bins[i] /= weight;
      }
      total /= weight;
      weight = 1;
    }
    shown = new Shown(cumulative(), quantiles.clone(), broken || unsettled > 0 ? CONSERVATIVE : 1);
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
