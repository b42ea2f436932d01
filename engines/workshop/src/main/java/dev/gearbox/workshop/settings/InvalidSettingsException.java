package dev.gearbox.workshop.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Settings that cannot be used; the message lists every problem on a line of its own. */
public final class InvalidSettingsException extends Exception {
  private final transient List<Problem> problems;

  public InvalidSettingsException(List<Problem> problems) {
    List<Problem> ordered = problems.stream().sorted(Problem.BY_LINE).toList();
    super(ordered.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = ordered;
  }

  /** At least one, in the order of the file. */
  public List<Problem> problems() {
    return problems;
  }
}
