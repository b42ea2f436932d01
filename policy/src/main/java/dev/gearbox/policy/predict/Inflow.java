package dev.gearbox.policy.predict;

/**
 * Work that comes to a device per second, of late: a sum that fades by {@code 1/e} in {@link
 * #SPAN}. Confined to its owner.
 */
final class Inflow {
  /** Seconds. */
  static final double SPAN = 30;

  private double sum;
  private long latest;
  private long first = Long.MIN_VALUE;

  /** So many device-seconds came. */
  void add(double work, long now) {
    if (first == Long.MIN_VALUE) {
      first = now;
      latest = now;
    }
    sum = faded(now) + work;
    latest = Math.max(latest, now);
  }

  /** Device-seconds a second; what came in the first moments is not taken for a flood. */
  double share(long now) {
    if (first == Long.MIN_VALUE) {
      return 0;
    }
    double seen = 1 - Math.exp(-(now - first) / 1e9 / SPAN);
    return faded(now) / (SPAN * Math.max(0.2, seen));
  }

  private double faded(long now) {
    return sum * Math.exp(-Math.max(0, now - latest) / 1e9 / SPAN);
  }
}
