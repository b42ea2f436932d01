package dev.gearbox.policy.predict;

/**
 * Makes probabilities say what happens: {@code P = σ(a + b·logit(raw))}, with {@code a} and {@code
 * b} fitted to what was met and missed by a Newton step a request, old requests fading (Platt
 * scaling, online). Starts as the identity and is held to it by the weight of {@link #PRIOR}
 * requests. {@code b} stays above 0, so that a better chance stays a better chance.
 *
 * <p>What was learned fades with time as well, by half in {@link #HALF_LIFE_NANOS} without a
 * request: a variant that missed in a burst is no longer chosen, so that no request would ever show
 * that it would meet its targets again. One writer at a time; readers see what belongs together.
 */
final class Calibration {
  static final long HALF_LIFE_NANOS = 30_000_000_000L;

  private static final double FADING = Math.pow(0.5, 1.0 / 500);
  private static final double PRIOR = 20;
  private static final double PRIOR_CURVE = PRIOR * 0.1;
  private static final double FARTHEST = 8;
  private static final double LEAST_SLOPE = 0.1;
  private static final double MOST_SLOPE = 3;
  private static final double MOST_SHIFT = 4;

  private volatile Line line = new Line(0, 1, 0);
  private double curveA = PRIOR_CURVE;
  private double curveAb;
  private double curveB = PRIOR_CURVE;

  /** How probabilities are read, as it stood at {@code nanos}. */
  record Line(double a, double b, long nanos) {
    /** The probability that {@code raw} turns out to mean; 0 and 1 stay what they are. */
    double of(double raw) {
      return raw <= 0 || raw >= 1 ? raw : sigmoid(a + b * logit(raw));
    }

    /** Share that is left at {@code now} of what was learned. */
    private double left(long now) {
      return Math.pow(0.5, Math.max(0, now - nanos) / (double) HALF_LIFE_NANOS);
    }

    private Line faded(double left, long now) {
      return new Line(left * a, 1 + left * (b - 1), now);
    }
  }

  /** How probabilities are to be read at {@code now}. */
  Line at(long now) {
    Line learned = line;
    return learned.faded(learned.left(now), now);
  }

  /** Learns at {@code now} that a request of chance {@code raw} met its targets or did not. */
  synchronized void observe(double raw, boolean met, long now) {
    double x = logit(raw);
    double left = line.left(now);
    double fading = FADING * left;
    Line before = line.faded(left, now);
    double p = sigmoid(before.a + before.b * x);
    double curve = Math.max(1e-3, p * (1 - p));
    curveA = Math.max(PRIOR_CURVE, fading * curveA) + curve;
    curveAb = fading * curveAb + curve * x;
    curveB = Math.max(PRIOR_CURVE, fading * curveB) + curve * x * x;
    double pull = (1 - FADING) * PRIOR_CURVE;
    double wrong = p - (met ? 1 : 0);
    double gradientA = wrong + pull * before.a;
    double gradientB = wrong * x + pull * (before.b - 1);
    double determinant = Math.max(1e-9, curveA * curveB - curveAb * curveAb);
    double a = before.a - (curveB * gradientA - curveAb * gradientB) / determinant;
    double b = before.b - (curveA * gradientB - curveAb * gradientA) / determinant;
    line =
        new Line(
            Math.clamp(a, -MOST_SHIFT, MOST_SHIFT), Math.clamp(b, LEAST_SLOPE, MOST_SLOPE), now);
  }

  private static double logit(double p) {
    return Math.clamp(Math.log(Math.max(p, 1e-9) / Math.max(1 - p, 1e-9)), -FARTHEST, FARTHEST);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
