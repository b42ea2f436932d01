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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's limits and what is used of them. Thread-safe. A request reserves what it is expected
 * to use before anything is done for it, and settles the difference when it ends; what it used
 * beyond its reservation is a debt that later requests wait for, so that the rate holds over time
 * however wrong the estimate was.
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
  private final SharedLimits.@Nullable Account account;

  /**
   * Of one tenant.
   *
   * @param account what it has used over all gateways; null where there is one
   */
  Quota(
      String tenant,
      TenantLimits limits,
      LongSupplier clock,
      SharedLimits.@Nullable Account account) {
    this.tenant = tenant;
    this.limits = limits;
    this.account = account;
    Integer perMinute = limits.requestsPerMinute();
    requests = perMinute == null ? null : bucket(perMinute, clock);
    Long tokensPerMinute = limits.tokensPerMinute();
    tokens = tokensPerMinute == null ? null : bucket(tokensPerMinute, clock);
  }

  double weight() {
    return limits.weight();
  }

  /** Whether others have to be asked, which takes time. */
  boolean isShared() {
    return account != null;
  }

  /** Reserves what the request is expected to use, or says what it must wait for. */
  Result<Reservation> reserve(InferenceRequest request) {
    return expect(request)
        .fold(
            reservation -> {
              Refusal refusal = take(reservation.tokens());
              if (refusal == null) {
                return Result.ok(reservation);
              }
              reservation.refused();
              return Result.refused(refusal);
            },
            Result::refused);
  }

  /** A place, and what the request is expected to use, of which nothing is taken yet. */
  Result<Reservation> expect(InferenceRequest request) {
    if (!enter()) {
      return refused("run %d requests at once".formatted(limits.concurrent()), BUSY);
    }
    int prompt = TokenEstimate.prompt(request);
    return Result.ok(new Reservation(this, prompt, reserved(prompt + estimate.answers(request))));
  }

  /** Takes it here; null when there was enough. */
  private @Nullable Refusal take(long expected) {
    Duration wait = wait(requests, 1);
    if (wait != null) {
      return tooManyRequests(wait);
    }
    wait = wait(tokens, expected);
    if (wait != null && requests != null) {
      requests.addTokens(1);
    }
    return wait == null ? null : tooManyTokens(wait);
  }

  /**
   * Takes it of what all gateways share; of what is known here while the store does not answer.
   *
   * @return null when there was enough
   */
  CompletableFuture<@Nullable Refusal> ask(Reservation reservation) {
    SharedLimits.Account shared = account;
    if (shared == null) {
      throw new IllegalStateException("nothing is shared");
    }
    return shared
        .take(reservation.tokens())
        .handle((answer, failure) -> {
          Refusal refusal =
              failure != null ? take(reservation.tokens()) : answered(shared, reservation, answer);
          if (refusal != null) {
            reservation.refused();
          }
          return refusal;
        });
  }

  /** What is known here follows what the store says. */
  private @Nullable Refusal answered(
      SharedLimits.Account shared, Reservation reservation, SharedLimits.Answer answer) {
    follow(requests, answer.requestsLeft());
    follow(tokens, answer.tokensLeft());
    Duration wait = Duration.ofNanos(answer.waitNanos());
    return switch (answer.over()) {
      case REQUESTS -> tooManyRequests(wait);
      case TOKENS -> tooManyTokens(wait);
      case null -> {
        if (!reservation.shared()) {
          shared.settle(reservation.tokens());
        }
        yield null;
      }
    };
  }

  private static void follow(@Nullable Bucket bucket, long left) {
    if (bucket == null || left < 0) {
      return;
    }
    long here = bucket.getAvailableTokens();
    if (here > left) {
      bucket.consumeIgnoringRateLimits(here - left);
    } else if (here < left) {
      bucket.addTokens(left - here);
    }
  }

  private Refusal tooManyRequests(Duration wait) {
    return refusal("send %d requests a minute".formatted(limits.requestsPerMinute()), wait);
  }

  private Refusal tooManyTokens(Duration wait) {
    return refusal("use %d tokens a minute".formatted(limits.tokensPerMinute()), wait);
  }

  /** Called for a reservation that was refused. */
  void leave() {
    open.decrementAndGet();
  }

  /** More than a minute's worth could never be had, so a whole minute's worth is enough. */
  private long reserved(long expected) {
    Long most = limits.tokensPerMinute();
    return most == null ? expected : Math.min(expected, most);
  }

  /** Called once for each reservation. */
  void settle(long reserved, long used, int answer, boolean shared) {
    open.decrementAndGet();
    if (account != null && shared) {
      account.settle(reserved - used);
    }
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
    return Result.refused(refusal(limit, wait));
  }

  private Refusal refusal(String limit, Duration wait) {
    return Refusal.later(
        ErrorCode.RATE_LIMIT_EXCEEDED, "tenant %s may %s".formatted(tenant, limit), wait);
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
