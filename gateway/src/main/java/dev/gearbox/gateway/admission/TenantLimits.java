package dev.gearbox.gateway.admission;

import org.jspecify.annotations.Nullable;

/**
 * What a tenant may use; null for no limit.
 *
 * @param weight its share of the permits while tenants of one priority wait for them
 * @param requestsPerMinute requests in a minute
 * @param tokensPerMinute prompt and answer tokens in a minute
 * @param concurrent requests that wait or run at once
 */
public record TenantLimits(
    double weight,
    @Nullable Integer requestsPerMinute,
    @Nullable Long tokensPerMinute,
    @Nullable Integer concurrent) {
  public static final TenantLimits NONE = new TenantLimits(1, null, null, null);

  public TenantLimits {
    if (!(weight > 0 && weight <= 1e6)) {
      throw new IllegalArgumentException("weight must be above 0, to 1e6, got " + weight);
    }
  }
}
