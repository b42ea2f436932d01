package dev.gearbox.workshop.settings;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as a person writes them: {@code 300ms}, {@code 5s}, {@code 10m}, {@code 1h}, {@code
 * 30d}.
 */
public final class Durations {
  private static final List<Unit> UNITS =
      List.of(new Unit("d", 86_400), new Unit("h", 3600), new Unit("m", 60));

  static final String PATTERN = "[0-9]+(\\.[0-9]+)? *(us|ms|s|m|h|d)";
  private static final Pattern WRITTEN =
      Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?) *(us|ms|s|m|h|d)");

  private Durations() {}

  /**
   * Reads a duration as it is written.
   *
   * @throws IllegalArgumentException when {@code text} is no duration
   */
  public static Duration parse(String text) {
    Matcher matcher = WRITTEN.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected a duration with its unit (us, ms, s, m, h, d) such as 300ms or 30d, got '"
              + text
              + "'");
    }
    double nanos =
        switch (matcher.group(2)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          case "s" -> 1e9;
          case "m" -> 60e9;
          case "h" -> 3600e9;
          default -> 86400e9;
        };
    double all = Double.parseDouble(matcher.group(1)) * nanos;
    return all < 9e18
        ? Duration.ofNanos(Math.round(all))
        : Duration.ofSeconds(Math.round(all / 1e9));
  }

  /**
   * As a person and Prometheus write it, in the largest unit that needs no fraction: {@code 30d},
   * {@code 5m}, {@code 90s}.
   */
  public static String written(Duration duration) {
    long nanos = duration.toNanosPart();
    long seconds = duration.toSeconds();
    if (nanos != 0) {
      return nanos % 1_000_000 == 0 ? duration.toMillis() + "ms" : duration.toNanos() / 1e3 + "us";
    }
    for (Unit unit : UNITS) {
      if (seconds != 0 && seconds % unit.seconds() == 0) {
        return seconds / unit.seconds() + unit.name();
      }
    }
    return seconds + "s";
  }

  private record Unit(String name, long seconds) {}
}
