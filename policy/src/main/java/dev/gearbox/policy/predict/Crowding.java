package dev.gearbox.policy.predict;

/**
 * How far predictions are off by how crowded the device is. A prediction takes the device as it
 * stands, so it comes out too short where few are on it, because others will come, and too long
 * where many are, because they will leave. Predictions are multiplied by
 *
 * <pre>
 *   e^(slope · (crowding − usual))       slope ← slope + η·(err − α)·(crowding − usual)
 * </pre>
 *
 * which moves until misses of the band come alike often whatever the crowding (quantile regression
 * by stochastic gradient; arXiv 2307.16895 is the same without a feature). One writer at a time.
 */
final class Crowding {
  /** Crowding of an idle device is 0; more than this is taken for this. */
  static final double MOST = 3;

  private static final double FIRST_SLOPE = -0.4;
  private static final double FIRST_USUAL = 1;
  private static final double STEEPEST = 1;
  private static final double GAIN = 0.01;

  private volatile Line line = new Line(FIRST_SLOPE, FIRST_USUAL);

  private record Line(double slope, double usual) {}

  /**
   * Logarithm of how many times as long as alone something takes, 0 to {@link #MOST}.
   *
   * @param predicted seconds
   * @param alone seconds on the device without anybody else
   */
  static double of(double predicted, double alone) {
    return Math.clamp(Math.log(predicted / alone), 0, MOST);
  }

  /** What to multiply a prediction by. */
  double correction(double crowding) {
    Line now = line;
    return Math.exp(now.slope * (crowding - now.usual));
  }

  /**
   * Learns that the band moved.
   *
   * @param by how much the band's upper end was raised
   */
  void learn(double crowding, double by) {
    Line now = line;
    double off = crowding - now.usual;
    line = new Line(Math.clamp(now.slope + by * off, -STEEPEST, STEEPEST), now.usual + GAIN * off);
  }
}
