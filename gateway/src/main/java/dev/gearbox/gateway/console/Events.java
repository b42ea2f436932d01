package dev.gearbox.gateway.console;

import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What happened to engines and at the doors, latest first, and what each engine was for how long.
 * Thread-safe.
 */
final class Events implements EngineListener {
  private static final int KEPT = 60;
  private static final int STATES = 4;

  /** Refusals that follow each other this closely are one event. */
  private static final Duration QUIET = Duration.ofMinutes(1);

  /** One of them, in a sentence. */
  record Event(Instant time, String what) {}

  /** An engine was in a state from this moment. */
  record Since(State state, Instant time) {}

  private final InstantSource time;
  private final Deque<Event> latest = new ArrayDeque<>();
  private final Map<String, Deque<Since>> states = new HashMap<>();
  private final Map<String, Instant> refused = new HashMap<>();
  private boolean leaving;

  Events(InstantSource time) {
    this.time = time;
  }

  @Override
  public synchronized void changed(EngineSlot slot) {
    Deque<Since> before = states.computeIfAbsent(slot.id(), id -> new ArrayDeque<>());
    if (!before.isEmpty() && before.getLast().state == slot.state()) {
      return;
    }
    if (!before.isEmpty()) {
      String reason = slot.reason() == null ? "" : ": " + slot.reason();
      String state = slot.state().name().toLowerCase(Locale.ROOT);
      add(slot.id() + " is " + state + reason);
    }
    before.addLast(new Since(slot.state(), time.instant()));
    if (before.size() > STATES) {
      before.removeFirst();
    }
  }

  /** A request of this class was refused before any decision, for want of room as a rule. */
  synchronized void turnedAway(String serviceClass, int code) {
    Instant now = time.instant();
    Instant before = refused.put(serviceClass, now);
    if (before == null || before.plus(QUIET).isBefore(now)) {
      add("requests of class %s are turned away (%d)".formatted(serviceClass, code));
    }
  }

  /** The server drains, which it begins once. */
  synchronized void leaving() {
    if (!leaving) {
      leaving = true;
      add("this gateway drains: it takes nothing new soon");
    }
  }

  private void add(String what) {
    latest.addFirst(new Event(time.instant(), what));
    if (latest.size() > KEPT) {
      latest.removeLast();
    }
  }

  /** What an engine was, oldest first, last what it is; empty when it has not been heard of. */
  synchronized List<Since> states(String engine) {
    Deque<Since> known = states.get(engine);
    return known == null ? List.of() : List.copyOf(known);
  }

  synchronized List<Event> latest() {
    return List.copyOf(latest);
  }
}
