package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Which refusals pass, and when it is worth asking again. */
final class Retries {
  private static final long LONGEST = Duration.ofMinutes(10).toMillis();
  private static final long SHORTEST = 50;

  private Retries() {}

  /** Nothing is wrong with it: its tenant or the house is full, so it goes on waiting. */
  static boolean waits(Refusal refusal, Answer answer) {
    return refusal.code().equals(ErrorCode.RATE_LIMIT_EXCEEDED.code())
        || (refusal.code().equals(ErrorCode.OVERLOADED.code()) && answer.opening() == null);
  }

  /** For how many milliseconds. */
  static long rest(Refusal refusal) {
    Duration after = refusal.retryAfter();
    return Math.clamp(after == null ? 1000 : after.toMillis(), SHORTEST, LONGEST);
  }

  /** Something failed that may not fail again: an attempt more. */
  static boolean mayPass(Refusal refusal) {
    return refusal.retryAfter() != null
        || (refusal.status() >= 500 && refusal.status() != ErrorCode.DEADLINE_EXCEEDED.status());
  }

  /** Milliseconds; doubled with each attempt, and a little different for each. */
  static long backoff(Duration first, int attempt) {
    double exact = (double) first.toMillis() * Math.pow(2, Math.min(attempt, 20));
    double jitter = 0.8 + 0.4 * ThreadLocalRandom.current().nextDouble();
    return (long) Math.min((double) LONGEST, exact * jitter);
  }
}
