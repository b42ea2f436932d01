package dev.gearbox.policy.predict;

/**
 * Scores in 64 bins from −4 to 4, of which old ones fade: half is gone after 500. Starts as a
 * normal distribution. Confined to its owner.
 */
final class ScoreHistogram {
  private static final int BINS = 64;
  private static final double LOW = -4;
  private static final double WIDTH = 8.0 / BINS;
  private static final double PRIOR_WEIGHT = 20;
  private static final double GROWTH = Math.pow(2, 1.0 / 500);
  private static final double RENORMALISE = 1e6;

  private final double[] bins = new double[BINS];
  private double total;
  private double weight = 1;

  /**
   * @param sigma standard deviation of what it starts as
   */
  ScoreHistogram(double sigma) {
    for (int i = 0; i < BINS; i++) {
      double from = LOW + i * WIDTH;
      bins[i] = PRIOR_WEIGHT * (Normal.cdf((from + WIDTH) / sigma) - Normal.cdf(from / sigma));
      total += bins[i];
    }
  }

  /** The nearest score that it tells apart. */
  static double clamp(double score) {
    return Math.clamp(score, LOW, -LOW);
  }

  void add(double score) {
    bins[bin(score)] += weight;
    grow();
  }

  /** One score of which is known only that it is not below {@code score}. */
  void addAbove(double score) {
    int from = bin(score);
    double above = 0;
    for (int i = from; i < BINS; i++) {
      above += bins[i];
    }
    if (above < 1e-9) {
      add(score);
      return;
    }
    for (int i = from; i < BINS; i++) {
      bins[i] *= 1 + weight / above;
    }
    grow();
  }

  /** Lets all but a share of what is known go. */
  void forget(double kept) {
    for (int i = 0; i < BINS; i++) {
      bins[i] *= kept;
    }
    total *= kept;
  }

  /** Old scores fade because each one weighs a little more than the one before. */
  private void grow() {
    total += weight;
    weight *= GROWTH;
    if (weight > RENORMALISE) {
      for (int i = 0; i < BINS; i++) {
        bins[i] /= weight;
      }
      total /= weight;
      weight = 1;
    }
  }

  /** Share of scores under each bin's lower edge, and 1; for {@link #below}. */
  double[] cumulative() {
    double[] under = new double[BINS + 1];
    for (int i = 0; i < BINS; i++) {
      under[i + 1] = under[i] + bins[i] / total;
    }
    return under;
  }

  /** Share of scores at or under {@code score}. */
  static double below(double[] cumulative, double score) {
    double at = (clamp(score) - LOW) / WIDTH;
    int bin = Math.min(BINS - 1, (int) at);
    double inBin = (cumulative[bin + 1] - cumulative[bin]) * Math.min(1, at - bin);
    return Math.min(1, cumulative[bin] + inBin);
  }

  private static int bin(double score) {
    return Math.min(BINS - 1, (int) ((clamp(score) - LOW) / WIDTH));
  }
}
