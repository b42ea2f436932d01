package dev.gearbox.policy.predict;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Which share of a prompt an engine finds in its prefix cache: a running mean per engine and
 * tenant, whose prompts never share blocks with another's. Nothing is expected of tenants beyond a
 * bounded number.
 */
public final class CacheModel {
  private static final double GAIN = 0.05;
  private static final int MAX_KEYS = 4096;

  private final ConcurrentHashMap<Key, Mean> means = new ConcurrentHashMap<>();

  /**
   * Tokens of a prompt of {@code promptTokens} that need no computing; the last one always does.
   */
  public int expect(String engine, String tenant, int promptTokens) {
    Mean mean = means.get(new Key(engine, tenant));
    return mean == null || promptTokens < 1
        ? 0
        : (int) Math.min(promptTokens - 1.0, mean.share * promptTokens);
  }

  /** Learns from a request that was computed. */
  public void learn(String engine, String tenant, int promptTokens, int cachedTokens) {
    Key key = new Key(engine, tenant);
    if (promptTokens < 1 || (means.size() >= MAX_KEYS && !means.containsKey(key))) {
      return;
    }
    double share = (double) cachedTokens / promptTokens;
    means.merge(key, new Mean(share, 1), (old, one) -> old.next(share));
  }

  /** Drops what was learned of an engine that has left. */
  public void forget(String engine) {
    means.keySet().removeIf(key -> key.engine.equals(engine));
  }

  private record Key(String engine, String tenant) {}

  private record Mean(double share, int seen) {
    Mean next(double one) {
      return new Mean(share + Math.max(GAIN, 1.0 / (seen + 1)) * (one - share), seen + 1);
    }
  }
}
