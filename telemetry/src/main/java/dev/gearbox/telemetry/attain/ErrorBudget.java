package dev.gearbox.telemetry.attain;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a class may still miss. With an objective of 0.95 a twentieth of the requests may; burning
 * at rate 1 uses up exactly that, at rate 2 the double.
 *
 * <pre>
 *   burn      = share missed in the window / (1 − objective)
 *   remaining = 1 − share missed in the budget's window / (1 − objective)
 * </pre>
 *
 * Counts are of this process and start at nothing. Thread-safe.
 */
public final class ErrorBudget {
  private final double objective;
  private final SlidingCount whole;
  private final Map<BurnWindow, SlidingCount> windows = new EnumMap<>(BurnWindow.class);

  /**
   * A full budget.
   *
   * @param objective share of requests that shall meet their targets, (0, 1)
   * @param window over which the budget is given
   */
  public ErrorBudget(double objective, Duration window) {
    if (!(objective > 0 && objective < 1)) {
      throw new IllegalArgumentException("an objective is between 0 and 1, got " + objective);
    }
    if (window.isNegative() || window.isZero()) {
      throw new IllegalArgumentException("a budget's window is above 0, got " + window);
    }
    this.objective = objective;
    this.whole = new SlidingCount(window);
    for (BurnWindow each : BurnWindow.values()) {
      windows.put(each, new SlidingCount(each.length()));
    }
  }

  /**
   * Counts a request that ended.
   *
   * @param met whether it met all its targets
   * @param inTime whether it met all its latency targets
   * @param now monotonic nanoseconds
   */
  public synchronized void count(boolean met, boolean inTime, long now) {
    whole.add(met, inTime, now);
    for (SlidingCount each : windows.values()) {
      each.add(met, inTime, now);
    }
  }

  /** Share of requests that shall meet their targets. */
  public double objective() {
    return objective;
  }

  /** Share of the budget that goes per share of time: 1 spends it exactly; 0 without requests. */
  public synchronized double burn(BurnWindow window, long now) {
    return of(window).missed(now) / (1 - objective);
  }

  /** As {@link #burn}, of latency targets alone. */
  public synchronized double lateBurn(BurnWindow window, long now) {
    return of(window).late(now) / (1 - objective);
  }

  /** Requests that ended within {@code window}. */
  public synchronized long requests(BurnWindow window, long now) {
    return of(window).requests(now);
  }

  /** What is left of the budget: 1 is all of it, below 0 it is overdrawn. */
  public synchronized double remaining(long now) {
    return 1 - whole.missed(now) / (1 - objective);
  }

  private SlidingCount of(BurnWindow window) {
    return Objects.requireNonNull(windows.get(window));
  }
}
