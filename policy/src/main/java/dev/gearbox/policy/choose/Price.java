package dev.gearbox.policy.choose;

/**
 * What a second of a device costs, in points: rises while the device is busier than {@link #GOAL},
 * falls while it is not.
 *
 * <p>Without a meter, the chances of what it is given move it instead ({@link #promised}).
 *
 * <pre>
 *   λ ← clip[λ + η·κ·(u − 0.7), 0, 5κ]        each second; u in 0 to 2
 *   κ ← κ + (V/w − κ)/60 per second           points that a device-second earns, the scale of λ
 * </pre>
 *
 * @param lambda points per device-second
 * @param kappa points that a device-second earned lately
 */
public record Price(double lambda, double kappa) {
  static final double GOAL = 0.7;
  private static final double RATE = 0.05;
  private static final double PROMISE_RATE = 0.02;
  private static final double PROMISE_GOAL = 0.97;
  private static final double LIMIT = 5;
  private static final double MEMORY_SECONDS = 60;
  private static final double MAX_BUSY = 2;

  public static final Price FREE = new Price(0, 0);

  /** A second later, with the device busy for the share {@code busy}; above 1 for overload. */
  public Price next(double busy) {
    double u = Math.max(0, Math.min(MAX_BUSY, busy));
    double moved = lambda + RATE * kappa * (u - GOAL);
    return new Price(Math.max(0, Math.min(LIMIT * kappa, moved)), kappa);
  }

  /** After a decision that gave it a request of chance {@code meets}; 0.97 keeps the price. */
  public Price promised(double meets) {
    double moved = lambda + PROMISE_RATE * kappa * (PROMISE_GOAL - meets);
    return new Price(Math.max(0, Math.min(LIMIT * kappa, moved)), kappa);
  }

  /** After {@code seconds} in which device-seconds earned {@code points} each. */
  public Price earned(double points, double seconds) {
    if (kappa == 0) {
      return new Price(lambda, points);
    }
    double gain = 1 - Math.exp(-seconds / MEMORY_SECONDS);
    double scale = kappa + gain * (points - kappa);
    return new Price(Math.min(lambda, LIMIT * scale), scale);
  }
}
