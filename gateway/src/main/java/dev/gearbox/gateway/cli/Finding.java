package dev.gearbox.gateway.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a check of the machine or the configuration found.
 *
 * @param check its name
 * @param message what is so
 * @param advice what to do; empty where nothing is to be done
 */
record Finding(Level level, String check, String message, String advice) {
  /** How bad it is. */
  enum Level {
    OK,
    /** It runs, and less well than it could. */
    WARN,
    /** It does not run. */
    FAIL
  }

  static Finding ok(String check, String message) {
    return new Finding(Level.OK, check, message, "");
  }

  static Finding warn(String check, String message, String advice) {
    return new Finding(Level.WARN, check, message, advice);
  }

  static Finding fail(String check, String message, String advice) {
    return new Finding(Level.FAIL, check, message, advice);
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("check", check);
    json.put("level", level.name());
    json.put("message", message);
    json.put("advice", advice);
    return json;
  }

  @Override
  public String toString() {
    String line = "%-4s  %-12s  %s".formatted(level, check, message);
    return advice.isEmpty() ? line : line + "\n%20s%s".formatted("", advice);
  }
}
