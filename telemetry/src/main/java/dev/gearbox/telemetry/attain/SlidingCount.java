package dev.gearbox.telemetry.attain;

import java.time.Duration;
import java.util.Arrays;

/**
 * Requests and misses of the last {@code window}, in a ring of {@link #SLOTS} slots that each cover
 * an equal part of it; the oldest slot leaves as a whole. Confined to its owner.
 */
final class SlidingCount {
  static final int SLOTS = 60;

  private final long slotNanos;
  private final long[] requests = new long[SLOTS];
  private final long[] missed = new long[SLOTS];
  private final long[] late = new long[SLOTS];
  private long allRequests;
  private long allMissed;
  private long allLate;
  private long newest = Long.MIN_VALUE;

  SlidingCount(Duration window) {
    this.slotNanos = Math.max(1, window.toNanos() / SLOTS);
  }

  void add(boolean met, boolean inTime, long now) {
    advance(now);
    // A clock that jumps back counts in the newest slot.
    int slot = slot(newest);
    requests[slot]++;
    allRequests++;
    if (!met) {
      missed[slot]++;
      allMissed++;
    }
    if (!inTime) {
      late[slot]++;
      allLate++;
    }
  }

  long requests(long now) {
    advance(now);
    return allRequests;
  }

  /** Share of requests that missed a target, 0 to 1; 0 without any. */
  double missed(long now) {
    advance(now);
    return allRequests == 0 ? 0 : (double) allMissed / allRequests;
  }

  /** Share of requests that missed a latency target, 0 to 1; 0 without any. */
  double late(long now) {
    advance(now);
    return allRequests == 0 ? 0 : (double) allLate / allRequests;
  }

  private void advance(long now) {
    long at = Math.floorDiv(now, slotNanos);
    if (at <= newest) {
      return;
    }
    if (newest == Long.MIN_VALUE || at - newest >= SLOTS) {
      Arrays.fill(requests, 0);
      Arrays.fill(missed, 0);
      Arrays.fill(late, 0);
      allRequests = 0;
      allMissed = 0;
      allLate = 0;
    } else {
      for (long each = newest + 1; each <= at; each++) {
        forget(slot(each));
      }
    }
    newest = at;
  }

  private void forget(int slot) {
    allRequests -= requests[slot];
    allMissed -= missed[slot];
    allLate -= late[slot];
    requests[slot] = 0;
    missed[slot] = 0;
    late[slot] = 0;
  }

  private static int slot(long at) {
    return (int) Math.floorMod(at, (long) SLOTS);
  }
}
