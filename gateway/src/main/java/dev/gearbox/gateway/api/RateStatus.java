package dev.gearbox.gateway.api;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant has left of what it may use in a minute; null where it has no limit.
 *
 * @param requests of its requests
 * @param tokens of its prompt and answer tokens
 */
public record RateStatus(@Nullable Left requests, @Nullable Left tokens) {
  /**
   * Of one limit.
   *
   * @param limit in a minute
   * @param remaining at this moment, not below 0
   * @param reset until all of it is there again
   */
  public record Left(long limit, long remaining, Duration reset) {}
}
