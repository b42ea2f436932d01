package dev.gearbox.policy.simulate;

import dev.gearbox.runtime.schedule.Sequence;

/** A request in an engine's scheduler. */
final class SimulatedSequence extends Sequence {
  /** What tokens of answers are; nobody reads them. */
  private static final int ANSWER = -1;

  private final Flight flight;

  SimulatedSequence(Flight flight, long arrival) {
    super(flight.request(), arrival);
    this.flight = flight;
  }

  Flight flight() {
    return flight;
  }

  /** Takes the token that a step sampled; whether the answer goes on. */
  boolean take(long nowNanos) {
    append(ANSWER);
    flight.token(nowNanos);
    return flight.tokens() < flight.length();
  }
}
