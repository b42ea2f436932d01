package dev.gearbox.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * Which engine of a device steps next. An engine that would be late if another went first is urgent;
 * among urgent ones the earliest due goes. Otherwise the one that has used the least device time in
 * proportion to its weight (start-time fair queueing: who was idle resumes where the others stand).
 *
 * @param <E> what takes turns
 */
final class StepOrder<E> {
  /** Interactive work gets this many times the device time of bulk. */
  static final int INTERACTIVE_WEIGHT = 4;

  private final List<Turn<E>> turns = new ArrayList<>();
  private double virtualTime;

  private static final class Turn<E> {
    private final E engine;
    private double used;

    Turn(E engine, double used) {
      this.engine = engine;
      this.used = used;
    }
  }

  /**
   * An engine that wants to step.
   *
   * @param engine which
   * @param dueNanos instant by which its step should have ended
   * @param stepNanos estimate of its step
   */
  record Contender<E>(E engine, long dueNanos, double stepNanos) {}

  void join(E engine) {
    turns.add(new Turn<>(engine, virtualTime));
  }

  void leave(E engine) {
    turns.removeIf(turn -> turn.engine == engine);
  }

  /** Who goes; {@code contenders} is not empty. */
  E next(List<Contender<E>> contenders, long nowNanos) {
    double longest = 0;
    for (Contender<E> contender : contenders) {
      longest = Math.max(longest, contender.stepNanos());
    }
    Contender<E> chosen = contenders.getFirst();
    double chosenDue = dueIfUrgent(chosen, nowNanos, longest);
    for (Contender<E> contender : contenders) {
      double due = dueIfUrgent(contender, nowNanos, longest);
      if (due < chosenDue || due == chosenDue && used(contender) < used(chosen)) {
        chosen = contender;
        chosenDue = due;
      }
    }
    return chosen.engine();
  }

  /** Nanoseconds until it is due; infinite when it can wait for another's step. */
  private double dueIfUrgent(Contender<E> contender, long nowNanos, double longest) {
    if (contender.dueNanos() == Long.MAX_VALUE) {
      return Double.POSITIVE_INFINITY;
    }
    double left = contender.dueNanos() - nowNanos;
    return left < contender.stepNanos() + longest ? left : Double.POSITIVE_INFINITY;
  }

  private double used(Contender<E> contender) {
    return Math.max(virtualTime, turn(contender.engine()).used);
  }

  /** Charges a step of {@code nanos} to an engine. */
  void charge(E engine, long nanos, int weight) {
    Turn<E> turn = turn(engine);
    double start = Math.max(virtualTime, turn.used);
    turn.used = start + (double) nanos / weight;
    virtualTime = start;
  }

  private Turn<E> turn(E engine) {
    for (Turn<E> turn : turns) {
      if (turn.engine == engine) {
        return turn;
      }
    }
    throw new IllegalArgumentException("unknown engine " + engine);
  }
}
