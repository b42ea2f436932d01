package dev.gearbox.policy.decide;

import java.util.HashMap;
import java.util.Map;

/**
 * Engines that requests were lately sent to. Each engine that runs adds a read of its weights to
 * every turn of its device, so one that was opened is held open for a while. Thread-safe.
 */
final class OpenEngines {
  static final long HOLD_NANOS = 5_000_000_000L;

  private final Map<String, Long> chosen = new HashMap<>();
  private final Map<String, String> latest = new HashMap<>();

  /** A request goes to {@code engine}; whether the last one of its device went elsewhere. */
  synchronized boolean choose(String device, String engine, long now) {
    chosen.put(engine, now);
    String before = latest.put(device, engine);
    return before != null && !before.equals(engine);
  }

  /** Drops an engine that has left. */
  synchronized void forget(String engine) {
    chosen.remove(engine);
    latest.values().remove(engine);
  }

  synchronized boolean held(String engine, long now) {
    Long at = chosen.get(engine);
    return at != null && now - at < HOLD_NANOS;
  }
}
