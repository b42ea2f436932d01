package dev.gearbox.gateway.dispatch;

import java.util.function.LongSupplier;

/**
 * How often a request may be sent again: each request adds a fifth of a try, a second adds some
 * more, and a reserve lets one lost engine's requests all go elsewhere at once. When everything
 * fails, tries end soon instead of multiplying the load. Thread-safe.
 */
public final class RetryBudget {
  static final double RESERVE = 100;
  static final double PER_REQUEST = 0.2;
  static final double PER_SECOND = 10;

  private final LongSupplier clock;
  private double left = RESERVE;
  private long counted;

  /**
   * A full budget.
   *
   * @param clock monotonic nanoseconds
   */
  public RetryBudget(LongSupplier clock) {
    this.clock = clock;
    this.counted = clock.getAsLong();
  }

  /** A request was sent for the first time. */
  public synchronized void sent() {
    left = Math.min(RESERVE, left + PER_REQUEST);
  }

  /** Whether one may be sent once more, which it then is. */
  public synchronized boolean tryAgain() {
    long now = clock.getAsLong();
    left = Math.min(RESERVE, left + PER_SECOND * Math.max(0, now - counted) / 1e9);
    counted = now;
    if (left < 1) {
      return false;
    }
    left--;
    return true;
  }
}
