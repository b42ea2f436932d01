package dev.gearbox.workshop.settings;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Turns text into the value of one setting, within its bounds. */
final class ScalarReader {
  private ScalarReader() {}

  /**
   * Reads the text of one setting.
   *
   * @throws IllegalArgumentException saying what was expected and what came
   */
  static Object read(String text, Component component) {
    Class<?> type = component.type();
    Setting setting = component.setting();
    if (type == String.class) {
      return text(text, setting);
    }
    if (type == Duration.class) {
      Duration value = Durations.parse(text);
      bounded(value.getSeconds() + value.getNano() / 1e9, text, setting, " s");
      return value;
    }
    if (type == DataSize.class) {
      DataSize value = DataSize.parse(text);
      bounded((double) value.bytes(), text, setting, " bytes");
      return value;
    }
    if (type == boolean.class) {
      return flag(text);
    }
    if (type == int.class || type == Integer.class) {
      return (int) whole(text, setting, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class || type == Long.class) {
      return whole(text, setting, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if (type == double.class || type == Double.class) {
      return decimal(text, setting);
    }
    if (type.isEnum()) {
      return constant(text, type);
    }
    throw new IllegalStateException("no settings of " + type);
  }

  private static String text(String text, Setting setting) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty");
    }
    if (!setting.pattern().isEmpty() && !text.matches(setting.pattern())) {
      String got = setting.secret() ? "something else" : "'" + text + "'";
      throw new IllegalArgumentException("expected " + setting.pattern() + ", got " + got);
    }
    return text;
  }

  private static Boolean flag(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("expected true or false, got '" + text + "'");
    };
  }

  private static long whole(String text, Setting setting, long least, long most) {
    long value;
    try {
      value = Long.parseLong(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("expected a whole number, got '" + text + "'", e);
    }
    if (value < least || value > most) {
      throw new IllegalArgumentException("a number out of range: " + text);
    }
    bounded((double) value, text, setting, "");
    return value;
  }

  private static double decimal(String text, Setting setting) {
    double value;
    try {
      value = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("expected a number, got '" + text + "'", e);
    }
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("expected a finite number, got '" + text + "'");
    }
    bounded(value, text, setting, "");
    return value;
  }

  private static Object constant(String text, Class<?> type) {
    List<String> names = Component.names(type);
    int at = names.indexOf(text);
    if (at < 0) {
      throw new IllegalArgumentException(
          "expected one of "
              + String.join(", ", names)
              + "; got '"
              + text
              + "'"
              + DidYouMean.closest(text, names).map(n -> ", did you mean '" + n + "'?").orElse(""));
    }
    return type.getEnumConstants()[at];
  }

  private static void bounded(double value, String text, Setting setting, String unit) {
    if (value >= setting.min() && value <= setting.max()) {
      return;
    }
    String bounds =
        setting.max() == Double.POSITIVE_INFINITY
            ? number(setting.min()) + unit + " or more"
            : setting.min() == Double.NEGATIVE_INFINITY
                ? number(setting.max()) + unit + " or less"
                : number(setting.min()) + " to " + number(setting.max()) + unit;
    throw new IllegalArgumentException("must be " + bounds + ", got " + text);
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
