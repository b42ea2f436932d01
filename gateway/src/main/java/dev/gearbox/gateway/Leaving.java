package dev.gearbox.gateway;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How a server leaves without failing anybody: from the first moment {@code /health/ready} says so
 * and every answer closes its connection, and for a while new connections are served all the same,
 * because balancers hear of it late. Only then those that come get nothing; one that stood before
 * still gets the answer to its next request, which ends it. Thread-safe.
 */
final class Leaving {
  /** How long it takes until everybody has heard: two looks of a balancer, or so. */
  static final Duration NOTICE = Duration.ofSeconds(5);

  private static final long STAYS = Long.MIN_VALUE;

  private final LongSupplier clock;
  private final AtomicLong refusesFrom = new AtomicLong(STAYS);

  /** Stays, by a clock in nanoseconds. */
  Leaving(LongSupplier clock) {
    this.clock = clock;
  }

  /** Leaves from now on; the second time changes nothing. */
  void begin() {
    refusesFrom.compareAndSet(STAYS, clock.getAsLong() + NOTICE.toNanos());
  }

  boolean hasBegun() {
    return refusesFrom.get() != STAYS;
  }

  /** Whether connections that come now are to be given nothing. */
  boolean refuses() {
    long from = refusesFrom.get();
    return from != STAYS && clock.getAsLong() - from >= 0;
  }
}
