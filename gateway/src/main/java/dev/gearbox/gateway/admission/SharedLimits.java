package dev.gearbox.gateway.admission;

import java.util.concurrent.CompletableFuture;

/** What tenants have used over all gateways, kept where these all look. Thread-safe. */
public interface SharedLimits extends AutoCloseable {
  /** The account of a tenant; opens nothing yet. */
  Account account(String tenant, TenantLimits limits);

  /** One tenant's. Nothing in here waits on the caller's thread. */
  interface Account {
    /**
     * Takes one request and its tokens, or neither.
     *
     * @return fails when the store does not answer in time
     */
    CompletableFuture<Answer> take(long tokens);

    /** Settles the difference to what was taken: gives back, or where it is negative owes. */
    void settle(long tokensBack);
  }

  /**
   * What the store said.
   *
   * @param over which limit is used up; null where both had enough
   * @param waitNanos until it had enough, where one is used up
   * @param requestsLeft in this minute; -1 where they are not limited
   * @param tokensLeft likewise
   */
  record Answer(
      @org.jspecify.annotations.Nullable Over over,
      long waitNanos,
      long requestsLeft,
      long tokensLeft) {}

  /** What is used up. */
  enum Over {
    REQUESTS,
    TOKENS
  }

  @Override
  void close();
}
