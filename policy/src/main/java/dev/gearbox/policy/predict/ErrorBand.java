package dev.gearbox.policy.predict;

/**
 * How wrong one kind of prediction is: the scores {@code s = ln(actual / predicted)} as a decayed
 * histogram, for probabilities, and as tracked quantiles, for promises.
 *
 * <p>A tracked quantile moves by {@code q ← q + η·(err − α)}, {@code err = 1[s > q]}, {@code η =
 * 0.05·max|s|} over the recent scores: whatever the scores do, the share above q goes to α (the
 * proportional part of conformal PID, arXiv 2307.16895), and to half of it for the first hundred
 * requests. Held against the quantile as it is now and not as it was at the decision: else all who
 * were under way when it moved move it again. Starts from a normal of width {@link #PRIOR_SIGMA}.
 *
 * <p>While what was promised at 0.9 holds much less often than that, the band is to be taken wider.
 * Reading never waits for learning.
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
  private static final double RATE = 0.05;
  private static final int RECENT = 100;
  private static final int FIRST = 100;
  private static final double COVERAGE_GAIN = 0.01;
  private static final int COVERAGE_SEEN = 50;
  private static final double BROKEN = 0.08;
  private static final double MENDED = 0.03;

  /** What stays of the histogram after a drift. */
  private static final double KEPT = 0.25;

  private final ScoreHistogram histogram = new ScoreHistogram(PRIOR_SIGMA);
  private final double[] quantiles = new double[LEVELS.length];
  private final double[] recent = new double[RECENT];
  private final Crowding crowding = new Crowding();
  private final Drift drift = new Drift();
  private long observed;
  private double coverage = LEVELS[WATCHED];
  private boolean broken;
  private volatile Shown shown;

  /** What readers see: the histogram's shares, quantiles, widening. */
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
    for (int i = 0; i < LEVELS.length; i++) {
      quantiles[i] = LEVEL_SIGMAS[i] * PRIOR_SIGMA;
    }
    recent[0] = 1;
    shown = new Shown(histogram.cumulative(), quantiles.clone(), 1);
  }

  /**
   * Learns from a request that showed its latency.
   *
   * @return whether the errors have drifted away
   */
  synchronized boolean observe(double score, Promised promised) {
    double s = ScoreHistogram.clamp(score);
    recent[(int) (observed % RECENT)] = Math.abs(s);
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      move(i, eta, s > quantiles[i] ? 1 : 0, promised);
    }
    watch(s <= told(promised) ? 1 : 0);
    histogram.add(s);
    boolean drifted = drift.observe(s);
    if (drifted) {
      histogram.forget(KEPT);
    }
    show();
    return drifted;
  }

  /**
   * Learns from a request that was given up while its score was still below what it would have
   * become: it counts as what the survivors of {@code score} usually do. Leaving it out would make
   * the model rosy, because slow requests are given up more often.
   */
  synchronized void observeCensored(double score, Promised promised) {
    double s = ScoreHistogram.clamp(score);
    double survival = Math.max(1e-6, 1 - ScoreHistogram.below(shown.cumulative, s));
    double eta = eta();
    for (int i = 0; i < LEVELS.length; i++) {
      double likely = Math.min(1, (1 - LEVELS[i]) / survival);
      move(i, eta, s >= quantiles[i] ? 1 : likely, promised);
    }
    double likely = Math.min(1, (1 - LEVELS[WATCHED]) / survival);
    watch(s >= told(promised) ? 0 : 1 - likely);
    histogram.addAbove(s);
    show();
  }

  /** What to multiply a prediction by, so that it is as far off at any crowding. */
  double correction(double crowded) {
    return crowding.correction(crowded);
  }

  /** Share of scores at or under {@code score}, with errors {@code widening} times as wide. */
  double below(double score, double widening) {
    return ScoreHistogram.below(shown.cumulative, score / widening);
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

  private void move(int level, double eta, double miss, Promised promised) {
    double alpha = 1 - LEVELS[level];
    double by = eta * (miss - (level > MEDIAN && observed < FIRST ? alpha / 2 : alpha));
    quantiles[level] += by;
    if (level == WATCHED) {
      crowding.learn(promised.crowding(), by);
    }
  }

  /** The watched quantile as it was told, or as it is. */
  private double told(Promised promised) {
    return index(promised.level()) == WATCHED ? promised.high() : quantiles[WATCHED];
  }

  private void watch(double within) {
    coverage += Math.max(COVERAGE_GAIN, 1.0 / (observed + COVERAGE_SEEN)) * (within - coverage);
    double wanted = LEVELS[WATCHED];
    broken = coverage < wanted - (broken ? MENDED : BROKEN);
  }

  private void show() {
    observed++;
    shown = new Shown(histogram.cumulative(), quantiles.clone(), broken ? CONSERVATIVE : 1);
  }

  private double eta() {
    double largest = 0;
    for (double s : recent) {
      largest = Math.max(largest, s);
    }
    return RATE * Math.max(largest, 0.01);
  }
}
