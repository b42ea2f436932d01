package dev.gearbox.policy.decide;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Work handed out that engines' signals do not show yet, by request id. A booking drains over the
 * time its prefill should take, and is dropped when the engine has spoken since, when the request
 * ends, or when it is old: bookings that never drain do more harm than old signals. Thread-safe.
 */
final class Bookings {
  /** A decision reaches its engine, and the engine its next word, within this time. */
  static final long GRACE_NANOS = 20_000_000;

  private static final long OLDEST_NANOS = 30_000_000_000L;
  private static final int MOST = 100_000;

  private final Map<String, LinkedHashMap<String, Booking>> byEngine = new HashMap<>();
  private final Map<String, String> engines = new HashMap<>();

  /**
   * Sum of an engine's bookings.
   *
   * @param requests number of them
   * @param tokens prompt tokens that should not be computed yet
   */
  record Sum(int requests, int tokens) {
    static final Sum NONE = new Sum(0, 0);
  }

  synchronized void book(String request, String engine, int tokens, double drainSeconds, long now) {
    release(request);
    if (engines.size() >= MOST) {
      return;
    }
    engines.put(request, engine);
    byEngine
        .computeIfAbsent(engine, id -> new LinkedHashMap<>())
        .put(request, new Booking(tokens, Math.max(1e-3, drainSeconds), now));
  }

  synchronized void release(String request) {
    String engine = engines.remove(request);
    if (engine != null) {
      LinkedHashMap<String, Booking> booked = byEngine.get(engine);
      if (booked != null) {
        booked.remove(request);
      }
    }
  }

  /** What is booked on {@code engine} beyond its signal of {@code signalNanos}. */
  synchronized Sum pending(String engine, long signalNanos, long now) {
    LinkedHashMap<String, Booking> booked = byEngine.get(engine);
    if (booked == null || booked.isEmpty()) {
      return Sum.NONE;
    }
    int requests = 0;
    double tokens = 0;
    for (Iterator<Map.Entry<String, Booking>> all = booked.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<String, Booking> entry = all.next();
      Booking booking = entry.getValue();
      if (signalNanos - booking.nanos > GRACE_NANOS || now - booking.nanos > OLDEST_NANOS) {
        engines.remove(entry.getKey());
        all.remove();
      } else {
        requests++;
        tokens += booking.tokens * booking.left(now);
      }
    }
    return new Sum(requests, (int) Math.round(tokens));
  }

  synchronized int size() {
    return engines.size();
  }

  private record Booking(int tokens, double drainSeconds, long nanos) {
    double left(long now) {
      return Math.max(0, 1 - (now - nanos) / 1e9 / drainSeconds);
    }
  }
}
