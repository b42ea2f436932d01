package dev.gearbox.workshop.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Settings that cannot be used; the message lists every problem on a line of its own. */
public final class InvalidSettingsException extends Exception {
  private final transient List<Problem> problems;

  public InvalidSettingsException(List<Problem> problems) {
    super(
        problems.stream()
            .sorted(Problem.BY_LINE)
            .map(Problem::toString)
            .collect(Collectors.joining("\n")));
    this.problems = problems.stream().sorted(Problem.BY_LINE).toList();
  }

  /** At least one, in the order of the file. */
  public List<Problem> problems() {
    return problems;
  }
}
