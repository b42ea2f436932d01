package dev.gearbox.remote;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a server may be given requests. Opens when requests fail or nobody listens; when the
 * server answers looks again and a while has passed, which doubles with every failed return, one
 * request may try; when it gets a token the server is back, and gets its share step by step.
 * Thread-safe.
 */
final class Breaker {
  private static final int WINDOW = 10;
  private static final int LEAST_CALLS = 3;
  private static final float FAILURES_PERCENT = 50;
  private static final Duration FIRST_WAIT = Duration.ofMillis(500);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /** Looks that must fail to call a server gone that still takes connections. */
  private static final int SILENT_LOOKS = 2;

  private final CircuitBreaker breaker;
  private final LongSupplier clock;
  private final long slowStartNanos;
  private volatile boolean returned;
  private volatile long returnedNanos;
  private volatile int failedLooks;

  Breaker(String engine, LongSupplier clock, Duration slowStart) {
    this.clock = clock;
    this.slowStartNanos = slowStart.toNanos();
    this.breaker =
        CircuitBreaker.of(
            engine,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(WINDOW)
                .minimumNumberOfCalls(LEAST_CALLS)
                .failureRateThreshold(FAILURES_PERCENT)
                .permittedNumberOfCallsInHalfOpenState(1)
                .waitIntervalFunctionInOpenState(
                    IntervalFunction.ofExponentialBackoff(FIRST_WAIT, 2.0, LONGEST_WAIT))
                .clock(new Nanos(clock))
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(event -> {
          if (event.getStateTransition().getToState() == State.CLOSED) {
            returnedNanos = clock.getAsLong();
            returned = true;
          }
        });
  }

  /** Whether a request may go now; each that goes is told of by one of the next three. */
  boolean tryAcquire() {
    return !isOpen() && breaker.tryAcquirePermission();
  }

  /** It got a token. */
  void succeeded() {
    breaker.onSuccess(0, TimeUnit.NANOSECONDS);
  }

  /** The server failed it, before its first token or after. */
  void failed(Throwable why) {
    breaker.onError(0, TimeUnit.NANOSECONDS, why);
  }

  /** It says nothing of the server. */
  void released() {
    breaker.releasePermission();
  }

  /** The server answered a look. */
  void seen() {
    failedLooks = 0;
    // Asking moves it on when it has waited long enough.
    if (breaker.getState() == State.OPEN && breaker.tryAcquirePermission()) {
      breaker.releasePermission();
    }
  }

  /** The server did not answer a look; {@code refused} when nobody listens there. */
  void missed(boolean refused) {
    int failed = failedLooks + 1;
    failedLooks = refused ? Math.max(failed, SILENT_LOOKS) : failed;
    if (failedLooks >= SILENT_LOOKS && breaker.getState() != State.OPEN) {
      breaker.transitionToOpenState();
    }
  }

  /** Whether the server does not answer looks either. */
  boolean silent() {
    return failedLooks > 0;
  }

  /** Whether no request may go. */
  boolean isOpen() {
    return failedLooks >= SILENT_LOOKS || breaker.getState() == State.OPEN;
  }

  /** Whether it waits for one request to try. */
  boolean isTrying() {
    return breaker.getState() == State.HALF_OPEN;
  }

  /** Share of its requests that it gets, above 0 to 1. */
  double share() {
    if (isTrying()) {
      return 0;
    }
    if (!returned || slowStartNanos == 0) {
      return 1;
    }
    return Math.min(1, (double) (clock.getAsLong() - returnedNanos) / slowStartNanos);
  }

  /** The monotonic clock as the breaker wants it; its origin means nothing. */
  private static final class Nanos extends Clock {
    private final LongSupplier clock;
    private final long origin;

    Nanos(LongSupplier clock) {
      this.clock = clock;
      this.origin = clock.getAsLong();
    }

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusNanos(clock.getAsLong() - origin);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
