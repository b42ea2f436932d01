package dev.gearbox.workshop.settings;

import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * One thing that is wrong in the settings.
 *
 * @param origin where it stands: {@code gearbox.yaml:12}, or an environment variable
 * @param path the key, such as {@code gearbox.pools[0].threads}
 * @param message what is wrong and what to do
 */
public record Problem(String origin, String path, String message) {
  /** Problems of one file in the order of its lines. */
  static final Comparator<Problem> BY_LINE =
      Comparator.comparing(Problem::file).thenComparingInt(Problem::line);

  private static final Pattern LINE = Pattern.compile("[0-9]{1,9}");

  private String file() {
    int colon = origin.lastIndexOf(':');
    return colon < 0 ? origin : origin.substring(0, colon);
  }

  private int line() {
    String last = origin.substring(origin.lastIndexOf(':') + 1);
    return LINE.matcher(last).matches() ? Integer.parseInt(last) : 0;
  }

  @Override
  public String toString() {
    return origin + ": " + (path.isEmpty() ? "" : path + ": ") + message;
  }
}
