package dev.gearbox.policy.decide;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Work handed out that engines' signals do not show yet, by request id. A booking drains over the
 * time its prefill should take, and is dropped by the first signal counted after its engine got the
 * request, when the request ends, or when it is old: work that is counted twice does more harm than
 * old signals. Thread-safe.
 */
final class Bookings {
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
        .put(request, new Booking(tokens, Math.max(1e-3, drainSeconds), now, Long.MAX_VALUE));
  }

  /** An engine has the request: what it says of itself after {@code now} counts it. */
  synchronized void submitted(String request, long now) {
    String engine = engines.get(request);
    LinkedHashMap<String, Booking> booked = engine == null ? null : byEngine.get(engine);
    if (booked != null) {
      booked.computeIfPresent(request, (id, booking) -> booking.submitted(now));
    }
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

  /** What is booked on {@code engine} beyond its signal, counted at {@code signalNanos}. */
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
      if (booking.submittedNanos < signalNanos || now - booking.nanos > OLDEST_NANOS) {
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

  private record Booking(int tokens, double drainSeconds, long nanos, long submittedNanos) {
    Booking submitted(long now) {
      return new Booking(tokens, drainSeconds, nanos, now);
    }

    double left(long now) {
      return Math.max(0, 1 - (now - nanos) / 1e9 / drainSeconds);
    }
  }
}
