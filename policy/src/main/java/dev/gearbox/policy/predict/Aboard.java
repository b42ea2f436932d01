package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import java.util.Arrays;

/**
 * How many requests of each lane and priority an engine has. There are about as many kinds as there
 * are classes, so a short list that is searched from its beginning. Confined to its owner.
 */
final class Aboard {
  private static final int FEW = 4;

  private Lane[] lanes = new Lane[FEW];
  private int[] priorities = new int[FEW];
  private int[] counts = new int[FEW];
  private int kinds;
  private int total;

  /** Counts {@code rider} once more, or once less where {@code one} is −1. */
  void add(Rider rider, int one) {
    int kind = 0;
    while (kind < kinds && !(lanes[kind] == rider.lane() && priorities[kind] == rider.priority())) {
      kind++;
    }
    if (kind == kinds) {
      kind = room();
      lanes[kind] = rider.lane();
      priorities[kind] = rider.priority();
      counts[kind] = 0;
    }
    counts[kind] += one;
    total += one;
  }

  /** A place for another kind: of one that nobody is of, where there is such. */
  private int room() {
    for (int i = 0; i < kinds; i++) {
      if (counts[i] == 0) {
        return i;
      }
    }
    if (kinds == counts.length) {
      lanes = Arrays.copyOf(lanes, 2 * kinds);
      priorities = Arrays.copyOf(priorities, 2 * kinds);
      counts = Arrays.copyOf(counts, 2 * kinds);
    }
    return kinds++;
  }

  int total() {
    return total;
  }

  boolean interactive() {
    return ahead(Lane.INTERACTIVE, Integer.MIN_VALUE) > 0;
  }

  /** Those that go before one of this lane and priority that comes. */
  int ahead(Lane lane, int priority) {
    int ahead = 0;
    for (int i = 0; i < kinds; i++) {
      int order = lanes[i].compareTo(lane);
      if (order < 0 || (order == 0 && priorities[i] >= priority)) {
        ahead += counts[i];
      }
    }
    return ahead;
  }
}
