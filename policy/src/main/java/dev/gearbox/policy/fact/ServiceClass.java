package dev.gearbox.policy.fact;

import dev.gearbox.engine.Lane;
import java.time.Duration;

/**
 * A named set of targets, priority, weights and an attainment objective.
 *
 * @param name as configured
 * @param targets for requests that ask nothing themselves
 * @param attainment share of requests that shall meet all their targets, (0, 1)
 * @param window over which that is counted
 * @param priority higher goes first; negative may be shed
 * @param lane how its requests are batched unless a rule says otherwise
 * @param weights how much what matters
 */
public record ServiceClass(
    String name,
    Targets targets,
    double attainment,
    Duration window,
    int priority,
    Lane lane,
    Weights weights) {

  /**
   * How much what matters to a class.
   *
   * @param quality points that a perfect answer in time is worth
   * @param attainment multiplies the points while the class is behind its objective
   * @param cost points per unit of cost
   */
  public record Weights(double quality, double attainment, double cost) {
    public static final Weights DEFAULT = new Weights(1.0, 1.0, 0.1);
  }

  public ServiceClass {
    if (!(attainment > 0 && attainment < 1)) {
      throw new IllegalArgumentException("attainment must be between 0 and 1, got " + attainment);
    }
  }

  /** Whether its requests may be refused before others are. */
  public boolean sheddable() {
    return priority < 0;
  }
}
