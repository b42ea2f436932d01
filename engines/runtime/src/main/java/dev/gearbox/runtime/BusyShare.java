package dev.gearbox.runtime;

/**
 * Share of the last second that a device spent in steps, in ten slots of a tenth. Thread-safe; the
 * owner writes a few times a step.
 */
public final class BusyShare {
  private static final int SLOTS = 10;
  private static final long SLOT_NANOS = 100_000_000;

  private final long[] slot = new long[SLOTS];
  private final long[] busy = new long[SLOTS];
  private boolean running;
  private long since;

  /** A step begins. */
  public synchronized void begin(long nowNanos) {
    running = true;
    since = nowNanos;
  }

  /** The step ends. */
  public synchronized void end(long nowNanos) {
    add(nowNanos);
    running = false;
  }

  /** The share, 0 to 1; the step under way counts. */
  public synchronized double share(long nowNanos) {
    if (running) {
      add(nowNanos);
      since = nowNanos;
    }
    // The slot under way and the nine before it.
    long current = Math.floorDiv(nowNanos, SLOT_NANOS);
    long sum = 0;
    for (int i = 0; i < SLOTS; i++) {
      sum += current - slot[i] < SLOTS ? busy[i] : 0;
    }
    long span = (SLOTS - 1) * SLOT_NANOS + Math.floorMod(nowNanos, SLOT_NANOS);
    return Math.min(1, (double) sum / span);
  }

  private void add(long until) {
    long from = Math.max(since, until - SLOTS * SLOT_NANOS);
    while (from < until) {
      long number = Math.floorDiv(from, SLOT_NANOS);
      long end = Math.min(until, (number + 1) * SLOT_NANOS);
      int index = (int) Math.floorMod(number, (long) SLOTS);
      if (slot[index] != number) {
        slot[index] = number;
        busy[index] = 0;
      }
      busy[index] += end - from;
      from = end;
    }
  }
}
