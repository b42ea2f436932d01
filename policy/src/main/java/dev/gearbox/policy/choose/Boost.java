package dev.gearbox.policy.choose;

/** How much more a class is worth while it is behind its objective. */
public final class Boost {
  private static final double GAIN = 0.02;
  private static final double LIMIT = 9;

  private Boost() {}

  /** {@code m ← clip[m + 0.02·(goal − met), 0, 9]} after one request. */
  public static double next(double boost, double goal, boolean met) {
    return Math.max(0, Math.min(LIMIT, boost + GAIN * (goal - (met ? 1 : 0))));
  }
}
