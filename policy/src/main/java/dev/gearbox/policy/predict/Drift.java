package dev.gearbox.policy.predict;

/**
 * Notices that errors are no longer what they were: the Page-Hinkley test, both ways, on scores in
 * units of their own spread.
 *
 * <pre>
 *   z = clip[(s − mean) / sd, ±3]      up ← max(0, up + z − δ)      down ← max(0, down − z − δ)
 *   alarm when either passes λ         δ = 0.25, λ = 30: forty requests for a shift of one sd
 * </pre>
 *
 * After an alarm it learns the spread anew. Confined to its owner.
 */
final class Drift {
  private static final double SLACK = 0.25;
  private static final double LIMIT = 30;
  private static final double MOST = 3;
  private static final double GAIN = 0.005;
  private static final int LEARNING = 30;

  private double mean;
  private double variance;
  private double up;
  private double down;
  private int seen;

  /** Learns a score; whether it sets off the alarm. */
  boolean observe(double score) {
    double gain = Math.max(GAIN, 1.0 / (seen + 1));
    double off = score - mean;
    double z = Math.clamp(off / Math.sqrt(Math.max(variance, 1e-4)), -MOST, MOST);
    mean += gain * off;
    variance += gain * (off * (score - mean) - variance);
    if (++seen <= LEARNING) {
      return false;
    }
    up = Math.max(0, up + z - SLACK);
    down = Math.max(0, down - z - SLACK);
    if (Math.max(up, down) <= LIMIT) {
      return false;
    }
    up = 0;
    down = 0;
    mean = score;
    seen = 1;
    return true;
  }
}
