package dev.gearbox.gateway.console;

import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What happened to engines, latest first, and since when each is what it is. Thread-safe. */
final class Events implements EngineListener {
  private static final int KEPT = 60;

  /** One of them, in a sentence. */
  record Event(Instant time, String what) {}

  private record Since(State state, Instant time) {}

  private final InstantSource time;
  private final Deque<Event> latest = new ArrayDeque<>();
  private final Map<String, Since> states = new HashMap<>();

  Events(InstantSource time) {
    this.time = time;
  }

  @Override
  public synchronized void changed(EngineSlot slot) {
    Since before = states.get(slot.id());
    if (before != null && before.state == slot.state()) {
      return;
    }
    Instant now = time.instant();
    states.put(slot.id(), new Since(slot.state(), now));
    if (before != null) {
      String reason = slot.reason() == null ? "" : ": " + slot.reason();
      String state = slot.state().name().toLowerCase(Locale.ROOT);
      latest.addFirst(new Event(now, slot.id() + " is " + state + reason));
      if (latest.size() > KEPT) {
        latest.removeLast();
      }
    }
  }

  /** Since when an engine is in its state; null when it has not been heard of. */
  synchronized @Nullable Instant since(String engine) {
    Since since = states.get(engine);
    return since == null ? null : since.time;
  }

  synchronized List<Event> latest() {
    return List.copyOf(latest);
  }
}
