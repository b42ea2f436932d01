package dev.gearbox.policy.predict;

import java.util.Arrays;

/**
 * What requests of one engine have to lose in one measure: their points by slack, {@code s =
 * ln(target / predicted)}, in sixteen buckets that each keep the means of what is in them. Confined
 * to its owner.
 *
 * <pre>
 *   slack   −1.5                              2.5
 *            | b0 | b1 | b2 |   …   | b14 | b15      a bucket: Σ points, and points-weighted
 *     lost <-+                               +-> safe          s, gain = ∂s/∂second, turns left
 * </pre>
 */
final class SlackTable {
  private static final int BUCKETS = 16;
  private static final double LOW = -1.5;
  private static final double WIDTH = 0.25;

  /** What has this much slack is in time whatever joins. */
  private static final double SAFE = 4;

  final String engine;
  final Measure measure;
  final boolean bulk;
  private final ErrorBand band;

  /** Buckets with something in them, a bit each. */
  private int filled;

  private final double[] points = new double[BUCKETS];
  private final double[] slack = new double[BUCKETS];
  private final double[] gain = new double[BUCKETS];
  private final double[] left = new double[BUCKETS];

  SlackTable(String engine, Measure measure, boolean bulk, ErrorBand band) {
    this.engine = engine;
    this.measure = measure;
    this.bulk = bulk;
    this.band = band;
  }

  boolean of(String someEngine, Measure someMeasure, boolean inBulk, ErrorBand itsBand) {
    return measure == someMeasure && bulk == inBulk && band == itsBand && engine.equals(someEngine);
  }

  /**
   * Adds a request.
   *
   * @param value points that it loses with this measure
   * @param s its slack
   * @param perSecond how much slack a second takes
   * @param turns of the device until it ends
   */
  void add(double value, double s, double perSecond, double turns) {
    if (s < LOW || s > SAFE || !(value > 0)) {
      return;
    }
    int bucket = Math.min(BUCKETS - 1, (int) ((s - LOW) / WIDTH));
    filled |= 1 << bucket;
    points[bucket] += value;
    slack[bucket] += value * s;
    gain[bucket] += value * perSecond;
    left[bucket] += value * turns;
  }

  /** Points lost when each turn takes {@code cycle} longer for {@code turns}, and one prefill. */
  double damage(double prefill, double cycle, double turns) {
    double lost = 0;
    for (int rest = filled; rest != 0; rest &= rest - 1) {
      int i = Integer.numberOfTrailingZeros(rest);
      double value = points[i];
      double seconds = prefill + cycle * Math.min(turns, left[i] / value);
      double s = slack[i] / value;
      double less = s - Math.log(1 + gain[i] / value * seconds);
      lost += value * (band.below(s, 1) - band.below(less, 1));
    }
    return Math.max(0, lost);
  }

  void clear() {
    filled = 0;
    Arrays.fill(points, 0);
    Arrays.fill(slack, 0);
    Arrays.fill(gain, 0);
    Arrays.fill(left, 0);
  }
}
