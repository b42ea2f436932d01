package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import java.util.TreeMap;

/** How many requests of each lane and priority an engine has. Confined to its owner. */
final class Aboard {
  private final TreeMap<Turn, Integer> counts = new TreeMap<>();
  private int total;

  /** Counts {@code rider} once more, or once less where {@code one} is −1. */
  void add(Rider rider, int one) {
    counts.merge(Turn.of(rider), one, (before, more) -> before + more == 0 ? null : before + more);
    total += one;
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
    for (int count : counts.headMap(new Turn(lane, priority), true).values()) {
      ahead += count;
    }
    return ahead;
  }
}
