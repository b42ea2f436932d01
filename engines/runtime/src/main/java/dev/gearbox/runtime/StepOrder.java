package dev.gearbox.runtime;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which engine of a device steps next. An engine that would be late if another went first is
 * urgent; among urgent ones the earliest due goes. Otherwise the one that has used the least device
 * time in proportion to its weight (start-time fair queueing: who was idle resumes where the others
 * stand). A promise that cannot be kept would be urgent for ever, so urgency ends with a lead over
 * the others.
 *
 * @param <E> what takes turns
 */
public final class StepOrder<E> {
  /** Weighted device time that urgency may take beyond an engine's share. */
  static final double MAX_LEAD_NANOS = 500e6;

  private final Map<E, Double> used = new HashMap<>();
  private Set<E> backlogged = new HashSet<>();
  private Set<E> present = new HashSet<>();
  private double virtualTime;

  /**
   * An engine that wants to step.
   *
   * @param engine which
   * @param dueNanos instant by which its step should have ended
   * @param stepNanos estimate of its step
   */
  public record Contender<E>(E engine, long dueNanos, double stepNanos) {}

  /** Forgets an engine that was closed. */
  public void leave(E engine) {
    used.remove(engine);
  }

  /** Who goes; {@code contenders} is not empty. */
  public E next(List<Contender<E>> contenders, long nowNanos) {
    double least = advance(contenders);
    double longest = 0;
    for (Contender<E> contender : contenders) {
      longest = Math.max(longest, contender.stepNanos());
    }
    E chosen = contenders.getFirst().engine();
    double chosenDue = Double.NaN;
    for (Contender<E> contender : contenders) {
      double usedTime = used(contender.engine());
      boolean leads = usedTime - least > MAX_LEAD_NANOS;
      double due = leads ? Double.POSITIVE_INFINITY : dueIfUrgent(contender, nowNanos, longest);
      if (Double.isNaN(chosenDue)
          || due < chosenDue
          || (due == chosenDue && usedTime < used(chosen))) {
        chosen = contender.engine();
        chosenDue = due;
      }
    }
    return chosen;
  }

  /** Moves virtual time on and lets those who were idle begin there; returns the least used. */
  private double advance(List<Contender<E>> contenders) {
    double least = Double.POSITIVE_INFINITY;
    for (Contender<E> contender : contenders) {
      if (backlogged.contains(contender.engine())) {
        least = Math.min(least, used(contender.engine()));
      }
    }
    if (least != Double.POSITIVE_INFINITY) {
      virtualTime = Math.max(virtualTime, least);
    }
    present.clear();
    least = Double.POSITIVE_INFINITY;
    for (Contender<E> contender : contenders) {
      E engine = contender.engine();
      present.add(engine);
      if (!backlogged.contains(engine)) {
        used.put(engine, Math.max(virtualTime, used(engine)));
      }
      least = Math.min(least, used(engine));
    }
    Set<E> before = backlogged;
    backlogged = present;
    present = before;
    return least;
  }

  /** Nanoseconds until it is due; infinite when it can wait for another's step. */
  private double dueIfUrgent(Contender<E> contender, long nowNanos, double longest) {
    if (contender.dueNanos() == Long.MAX_VALUE) {
      return Double.POSITIVE_INFINITY;
    }
    double left = contender.dueNanos() - nowNanos;
    return left < contender.stepNanos() + longest ? left : Double.POSITIVE_INFINITY;
  }

  private double used(E engine) {
    return used.getOrDefault(engine, 0.0);
  }

  /** Charges a step of {@code nanos} to an engine. */
  public void charge(E engine, long nanos, int weight) {
    used.merge(engine, (double) nanos / weight, Double::sum);
  }
}
