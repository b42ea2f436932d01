package dev.gearbox.gateway.admission;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's limits and what is used of them. Thread-safe and lock-free. A request reserves what
 * it is expected to use before anything is done for it, and settles the difference when it ends;
 * what it used beyond its reservation is a debt that later requests wait for, so that the rate
 * holds over time however wrong the estimate was.
 */
final class Quota {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration BUSY = Duration.ofSeconds(1);

  private final String tenant;
  private final TenantLimits limits;
  private final @Nullable Bucket requests;
  private final @Nullable Bucket tokens;
  private final TokenEstimate estimate = new TokenEstimate();
  private final AtomicInteger open = new AtomicInteger();

  Quota(String tenant, TenantLimits limits, LongSupplier clock) {
    this.tenant = tenant;
    this.limits = limits;
    Integer perMinute = limits.requestsPerMinute();
    requests = perMinute == null ? null : bucket(perMinute, clock);
    Long tokensPerMinute = limits.tokensPerMinute();
    tokens = tokensPerMinute == null ? null : bucket(tokensPerMinute, clock);
  }

  double weight() {
    return limits.weight();
  }

  /** Reserves what the request is expected to use, or says what it must wait for. */
  Result<Reservation> reserve(InferenceRequest request) {
    if (!enter()) {
      return refused("run %d requests at once".formatted(limits.concurrent()), BUSY);
    }
    Duration wait = wait(requests, 1);
    if (wait != null) {
      open.decrementAndGet();
      return refused("send %d requests a minute".formatted(limits.requestsPerMinute()), wait);
    }
    int prompt = TokenEstimate.prompt(request);
    long expected = reserved(prompt + estimate.answers(request));
    wait = wait(tokens, expected);
    if (wait != null) {
      open.decrementAndGet();
      if (requests != null) {
        requests.addTokens(1);
      }
      return refused("use %d tokens a minute".formatted(limits.tokensPerMinute()), wait);
    }
    return Result.ok(new Reservation(this, prompt, expected));
  }

  /** More than a minute's worth could never be had, so a whole minute's worth is enough. */
  private long reserved(long expected) {
    Long most = limits.tokensPerMinute();
    return most == null ? expected : Math.min(expected, most);
  }

  /** Called once for each reservation. */
  void settle(long reserved, long used, int answer) {
    open.decrementAndGet();
    if (answer > 0) {
      estimate.learn(answer);
    }
    if (tokens != null && used < reserved) {
      tokens.addTokens(reserved - used);
    } else if (tokens != null && used > reserved) {
      tokens.consumeIgnoringRateLimits(used - reserved);
    }
  }

  /** What is left; null where nothing is limited by the minute. */
  @Nullable RateStatus status() {
    return requests == null && tokens == null
        ? null
        : new RateStatus(
            left(requests, limits.requestsPerMinute()), left(tokens, limits.tokensPerMinute()));
  }

  private boolean enter() {
    Integer most = limits.concurrent();
    if (open.incrementAndGet() <= (most == null ? Integer.MAX_VALUE : most)) {
      return true;
    }
    open.decrementAndGet();
    return false;
  }

  /** Null when it was taken. */
  private static @Nullable Duration wait(@Nullable Bucket bucket, long amount) {
    if (bucket == null || amount == 0) {
      return null;
    }
    ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(amount);
    return probe.isConsumed() ? null : Duration.ofNanos(probe.getNanosToWaitForRefill());
  }

  private <T> Result<T> refused(String limit, Duration wait) {
    return Result.refused(
        Refusal.later(
            ErrorCode.RATE_LIMIT_EXCEEDED, "tenant %s may %s".formatted(tenant, limit), wait));
  }

  private static RateStatus.@Nullable Left left(@Nullable Bucket bucket, @Nullable Number limit) {
    if (bucket == null || limit == null) {
      return null;
    }
    long available = bucket.getAvailableTokens();
    double missing = (double) (limit.longValue() - available) / limit.longValue();
    return new RateStatus.Left(
        limit.longValue(),
        Math.max(0, available),
        Duration.ofNanos((long) (Math.max(0, missing) * MINUTE.toNanos())));
  }

  private static Bucket bucket(long perMinute, LongSupplier clock) {
    return Bucket.builder()
        .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, MINUTE))
        .withCustomTimePrecision(
            new TimeMeter() {
              @Override
              public long currentTimeNanos() {
                return clock.getAsLong();
              }

              @Override
              public boolean isWallClockBased() {
                return false;
              }
            })
        .build();
  }
}
