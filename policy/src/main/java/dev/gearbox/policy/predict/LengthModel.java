package dev.gearbox.policy.predict;

import java.util.concurrent.ConcurrentHashMap;

/**
 * How many tokens an answer has: a running mean per class and tenant, of the class alone beyond a
 * bounded number of tenants.
 */
public final class LengthModel {
  private static final double START = 128;
  private static final double GAIN = 0.05;
  private static final int MAX_KEYS = 4096;

  private final ConcurrentHashMap<Key, Double> means = new ConcurrentHashMap<>();

  /** Tokens expected of an answer, 1 to {@code maxTokens}. */
  public int expect(String serviceClass, String tenant, int maxTokens) {
    Double mean = means.get(new Key(serviceClass, tenant));
    if (mean == null) {
      mean = means.getOrDefault(new Key(serviceClass, ""), START);
    }
    return (int) Math.max(1, Math.min(maxTokens, Math.round(mean)));
  }

  /** Learns from an answer that ended by itself or at its limit. */
  public void learn(String serviceClass, String tenant, int generated) {
    learn(new Key(serviceClass, ""), generated);
    Key key = new Key(serviceClass, tenant);
    if (means.containsKey(key) || means.size() < MAX_KEYS) {
      learn(key, generated);
    }
  }

  private void learn(Key key, int generated) {
    means.compute(
        key,
        (k, mean) -> {
          double old = mean == null ? START : mean;
          return old + GAIN * (generated - old);
        });
  }

  private record Key(String serviceClass, String tenant) {}
}
