package dev.gearbox.policy.simulate;

import java.util.PriorityQueue;

/** A clock that jumps from one thing to do to the next; what is due at once goes in order. */
final class VirtualTime {
  /** Not 0, which means "never" in a timeline. */
  static final long START = 1_000_000_000_000L;

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = START;
  private long order;

  private record Event(long nanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  long now() {
    return now;
  }

  /** Does {@code action} at {@code nanos}, which is not past. */
  void at(long nanos, Runnable action) {
    if (nanos < now) {
      throw new IllegalArgumentException("time does not go back: " + nanos + " < " + now);
    }
    events.add(new Event(nanos, order++, action));
  }

  /** Goes on until nothing is left to do. */
  void run() {
    for (Event event = events.poll(); event != null; event = events.poll()) {
      now = event.nanos;
      event.action.run();
    }
  }
}
