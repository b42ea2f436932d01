package dev.gearbox.gateway.rules;

import dev.gearbox.policy.rule.RuleException.Problem;
import java.time.Instant;
import java.util.List;

/**
 * How an attempt to change the rules ended.
 *
 * @param time when
 * @param origin where the texts came from: {@code files} or {@code admin}
 * @param version of the rules that decide after it
 * @param problems why it failed, each with file and line; empty when it did not
 */
public record RuleChange(Instant time, String origin, String version, List<Problem> problems) {
  public RuleChange {
    problems = List.copyOf(problems);
  }

  /** Whether the texts decide. */
  public boolean succeeded() {
    return problems.isEmpty();
  }
}
