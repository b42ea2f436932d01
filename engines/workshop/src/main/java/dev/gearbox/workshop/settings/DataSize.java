package dev.gearbox.workshop.settings;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written like {@code 512MB} or {@code 2GB}. Units are powers of 1024, as in
 * Spring; a bare number is bytes.
 */
public record DataSize(long bytes) {
  static final String PATTERN = "[0-9]+ *([kKmMgGtT]i?)?[bB]?";
  private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,18}) *(?:([KMGT])I?)?B?");

  /**
   * Reads a size as it is written.
   *
   * @throws IllegalArgumentException when {@code text} is no size
   */
  public static DataSize parse(String text) {
    Matcher matcher = WRITTEN.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected a size such as 512MB or 2GB, got '" + text + "'");
    }
    String unit = matcher.group(2);
    int shift = unit == null ? 0 : 10 * (1 + "KMGT".indexOf(unit));
    try {
      return new DataSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("a size beyond what a machine holds: '" + text + "'", e);
    }
  }

  /** As it can be written in settings, in the largest unit that needs no fraction. */
  String written() {
    int unit = bytes == 0 ? 0 : Math.min(4, Long.numberOfTrailingZeros(bytes) / 10);
    return (bytes >> (10 * unit)) + List.of("B", "KB", "MB", "GB", "TB").get(unit);
  }

  /** In the largest unit that keeps two digits before the point, such as {@code 98 MB}. */
  @Override
  public String toString() {
    String[] units = {"bytes", "kB", "MB", "GB", "TB"};
    double value = bytes;
    int unit = 0;
    // Powers of ten, as disks and downloads are told.
    while (value >= 1000 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(
        Locale.ROOT, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }
}
