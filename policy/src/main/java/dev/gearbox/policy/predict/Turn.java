package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;

/** Who goes first: the lanes in their order, and in each the higher priority. */
record Turn(Lane lane, int priority) implements Comparable<Turn> {
  static Turn of(Rider rider) {
    return new Turn(rider.lane(), rider.priority());
  }

  @Override
  public int compareTo(Turn other) {
    int lanes = lane.compareTo(other.lane);
    return lanes != 0 ? lanes : Integer.compare(other.priority, priority);
  }
}
