package dev.gearbox.gateway.console;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Amounts by name in a ring of slots that each cover an equal part of the time; the oldest leaves
 * as a whole. Times are in any one unit. Confined to its owner.
 */
final class SlotCounts {
  private final int slots;
  private final long width;
  private final Map<String, long[]> rings = new HashMap<>();
  private long newest = Long.MIN_VALUE;

  /** Remembers {@code slots} times {@code width}, the slot that is not over included. */
  SlotCounts(int slots, long width) {
    this.slots = slots;
    this.width = width;
  }

  /** What is told late counts in the newest slot. */
  void add(String name, long amount, long at) {
    advance(at);
    rings.computeIfAbsent(name, key -> new long[slots])[index(newest)] += amount;
  }

  /** What each slot got, oldest first, for names that got anything. */
  Map<String, long[]> series(long now) {
    advance(now);
    Map<String, long[]> all = new HashMap<>();
    rings.forEach((name, ring) -> {
      long[] ordered = new long[slots];
      for (int i = 0; i < slots; i++) {
        ordered[i] = ring[index(newest + 1 + i)];
      }
      all.put(name, ordered);
    });
    return all;
  }

  /** What all slots got together, for names that got anything. */
  Map<String, Long> sums(long now) {
    advance(now);
    Map<String, Long> all = new HashMap<>();
    rings.forEach((name, ring) -> all.put(name, Arrays.stream(ring).sum()));
    return all;
  }

  private void advance(long time) {
    long at = Math.floorDiv(time, width);
    if (at <= newest) {
      return;
    }
    if (newest == Long.MIN_VALUE || at - newest >= slots) {
      rings.clear();
    } else {
      for (long each = newest + 1; each <= at; each++) {
        int gone = index(each);
        rings.values().forEach(ring -> ring[gone] = 0);
      }
      rings.values().removeIf(ring -> Arrays.stream(ring).allMatch(amount -> amount == 0));
    }
    newest = at;
  }

  private int index(long slot) {
    return (int) Math.floorMod(slot, (long) slots);
  }
}
