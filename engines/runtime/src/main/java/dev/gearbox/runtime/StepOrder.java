package dev.gearbox.runtime;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which engine of a device steps next. An engine that would be late if another went first is
 * urgent; among urgent ones the earliest due goes. Otherwise the one that has used the least device
 * time in proportion to its weight (start-time fair queueing: who was idle resumes where the others
 * stand).
 *
 * @param <E> what takes turns
 */
final class StepOrder<E> {
  /** Interactive work gets this many times the device time of bulk. */
  static final int INTERACTIVE_WEIGHT = 4;

  private final Map<E, Double> used = new HashMap<>();
  private double virtualTime;

  /**
   * An engine that wants to step.
   *
   * @param engine which
   * @param dueNanos instant by which its step should have ended
   * @param stepNanos estimate of its step
   */
  record Contender<E>(E engine, long dueNanos, double stepNanos) {}

  void join(E engine) {
    used.put(engine, virtualTime);
  }

  void leave(E engine) {
    used.remove(engine);
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
      if (due < chosenDue || (due == chosenDue && start(contender) < start(chosen))) {
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

  private double start(Contender<E> contender) {
    return start(contender.engine());
  }

  private double start(E engine) {
    return Math.max(virtualTime, used.getOrDefault(engine, virtualTime));
  }

  /** Charges a step of {@code nanos} to an engine. */
  void charge(E engine, long nanos, int weight) {
    virtualTime = start(engine);
    used.put(engine, virtualTime + (double) nanos / weight);
  }
}
