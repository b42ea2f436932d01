package dev.gearbox.policy.choose;

/**
 * The price at which what was lately asked of devices that are alike would just have fitted them:
 * the dual of a small fractional knapsack, found by bisection.
 *
 * <pre>
 *   λ = least λ ≥ 0 with  Σ_i a_i·w_i(x_i(λ)) ≤ φ·n·ρ_n·T     ρ_n = 1 − 0.3/√n
 *   x_i(λ) = argmax over x, or nobody, of v_i·q_x·P_x(idle) − λ·w_x      a_i = e^(−age/30 s)
 * </pre>
 *
 * It follows demand rather than the meter: it knows before the device is full what the present mix
 * would take, moves at once with a burst by as much as the burst matters, and does not fall when a
 * drowning device leaves no chance to anybody, because chances are those of an idle one. Requests
 * that never meet another on the device are no demand to share out, however long they take. Where
 * others use the devices as well, φ is the part of them that the requests which ask here may have.
 * Of many devices a larger share is given out: what chance brings too many to one finds another.
 *
 * <p>Keeps at most {@link #MOST} requests; those that come within {@link #APART} seconds of a kept
 * one count with the next. A clock that jumps back begins anew. Confined to its owner.
 */
public final class ClearingPrice {
  /** Share of a device that chance needs; the rest is given out. */
  static final double SPARE = 0.3;

  /** In which what was asked counts for 1/e of what it did. */
  public static final double MEMORY_SECONDS = 30;

  static final int MOST = 128;
  static final double APART = 0.25;

  /** Candidates of a request that are kept, best first. */
  public static final int OPTIONS = 8;

  /** Decisions made at once may come in another order; what is further back is another time. */
  private static final double OVERTAKING = 1;

  private static final double LEAST_SECONDS = 5;
  private static final int HALVINGS = 16;

  /** Price below which each option is taken, the one of the least work first. */
  private final double[] below = new double[MOST * OPTIONS];

  private final double[] works = new double[MOST * OPTIONS];
  private final int[] options = new int[MOST];
  private final double[] times = new double[MOST];
  private final double[] weights = new double[MOST];
  private final double[] counts = new double[MOST];
  private final boolean[] met = new boolean[MOST];
  private double begun = Double.NaN;
  private double latest = Double.NEGATIVE_INFINITY;
  private double fitted = Double.NEGATIVE_INFINITY;
  private double lambda;
  private double skipped;
  private boolean skippedMet;
  private int next;
  private int kept;

  /**
   * A request came.
   *
   * @param value points that each candidate would earn of it on an idle device
   * @param work device-seconds that each would use
   * @param count of the candidates, at most {@link #OPTIONS}
   * @param share of it that is asked of this device; the rest is asked of others
   * @param company whether others were on the device
   * @param seconds on a monotonic clock
   */
  public void ask(
      double[] value, double[] work, int count, double share, boolean company, double seconds) {
    double now = advance(seconds);
    if (Double.isNaN(begun)) {
      begun = now;
    }
    int last = (next + MOST - 1) % MOST;
    if (kept > 0 && now - times[last] < APART) {
      skipped += share;
      skippedMet |= company;
      return;
    }
    options[next] = keep(value, work, count, next * OPTIONS);
    times[next] = now;
    weights[next] = share + skipped;
    met[next] = company || skippedMet;
    skipped = 0;
    skippedMet = false;
    next = (next + 1) % MOST;
    kept = Math.min(MOST, kept + 1);
  }

  /**
   * Points per device-second, as of {@code seconds} or a moment before.
   *
   * @param devices that there are, 1 or more
   * @param part of them that is for the requests that ask here, above 0 to 1
   */
  public double at(double seconds, int devices, double part) {
    double now = advance(seconds);
    if (now - fitted >= APART) {
      fitted = now;
      lambda = fit(now, part * (devices - SPARE * Math.sqrt(devices)));
    }
    return lambda;
  }

  private double advance(double now) {
    if (now < latest - OVERTAKING) {
      begun = Double.NaN;
      fitted = Double.NEGATIVE_INFINITY;
      kept = 0;
      next = 0;
      skipped = 0;
      skippedMet = false;
      latest = now;
    }
    latest = Math.max(latest, now);
    return latest;
  }

  /**
   * Keeps the candidates that are taken at some price, with the price below which each is: from the
   * least work on, the corners of the upper hull over work, where the slope of value is that price.
   *
   * @return how many they are
   */
  private int keep(double[] value, double[] work, int count, int at) {
    int kept = 0;
    double fromValue = 0;
    double fromWork = 0;
    while (true) {
      int next = -1;
      double steepest = 0;
      for (int x = 0; x < count; x++) {
        double slope = work[x] > fromWork ? (value[x] - fromValue) / (work[x] - fromWork) : 0;
        if (slope > steepest || (slope == steepest && next >= 0 && work[x] > work[next])) {
          steepest = slope;
          next = x;
        }
      }
      if (next < 0) {
        return kept;
      }
      below[at + kept] = steepest;
      works[at + kept] = work[next];
      kept++;
      fromValue = value[next];
      fromWork = work[next];
    }
  }

  private double fit(double now, double given) {
    boolean company = skippedMet;
    double dearest = 0;
    for (int i = 0; i < kept; i++) {
      company |= met[i] && now - times[i] < MEMORY_SECONDS;
      counts[i] = weights[i] * Math.exp((times[i] - now) / MEMORY_SECONDS);
      dearest = options[i] == 0 ? dearest : Math.max(dearest, below[i * OPTIONS]);
    }
    double from = kept < MOST ? begun : times[next];
    double seconds = Math.max(LEAST_SECONDS, now - from);
    double room = given * MEMORY_SECONDS * (1 - Math.exp(-seconds / MEMORY_SECONDS));
    if (!company || used(0) <= room) {
      return 0;
    }
    double low = 0;
    double high = dearest;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (used(middle) > room) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** Device-seconds that the requests kept would take at this price, older ones counting less. */
  private double used(double price) {
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      int x = i * OPTIONS;
      int end = x + options[i];
      double work = 0;
      while (x < end && below[x] > price) {
        work = works[x++];
      }
      sum += counts[i] * work;
    }
    return sum;
  }
}
