package dev.gearbox.policy.rule;

import java.time.Duration;

/**
 * How much one decision's rules may do before {@link ConservativeRules} decide instead.
 *
 * @param firings rules fired
 * @param time they may take by the wall clock, which on a busy machine holds pauses of the thread
 */
public record RuleLimits(int firings, Duration time) {
  public static final RuleLimits DEFAULT = new RuleLimits(2000, Duration.ofMillis(200));

  public RuleLimits {
    if (firings < 1 || time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException(
          "limits must be above 0, got firings=%d time=%s".formatted(firings, time));
    }
  }
}
