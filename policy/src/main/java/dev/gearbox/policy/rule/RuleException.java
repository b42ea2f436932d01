package dev.gearbox.policy.rule;

import java.util.List;
import java.util.stream.Collectors;

/** Rules that do not compile; the message lists every problem with file and line. */
public final class RuleException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  RuleException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  public List<Problem> problems() {
    return problems;
  }

  /**
   * One thing that is wrong.
   *
   * @param file name of the rule file
   * @param line from 1; 0 when it belongs to no line
   * @param message what is wrong
   */
  public record Problem(String file, int line, String message) {
    @Override
    public String toString() {
      return file + ":" + line + ": " + message;
    }
  }
}
