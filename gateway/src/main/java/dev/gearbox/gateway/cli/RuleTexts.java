package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.scenario.RuleCheck;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleFiles;
import dev.gearbox.policy.rule.RuleSource;
import java.io.IOException;
import java.util.List;

/** Compiles rule files named on the command line. */
final class RuleTexts {
  private RuleTexts() {}

  /** Every problem becomes a line of its own, with file and line. */
  static RuleBase compile(List<String> names) throws IOException {
    return compileTexts(new RuleFiles(names).read());
  }

  static RuleBase compileTexts(List<RuleSource> texts) {
    try {
      return RuleCheck.compile(texts);
    } catch (RuleException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
