package dev.gearbox.policy.rule;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A column of a {@link DecisionTable} that says what follows when a row's conditions hold. */
enum TableAction {
  EXCLUDE("then exclude"),
  LANE("then lane"),
  CAP_TOKENS("then cap tokens"),
  WEIGHT("then weight"),
  MIN_QUALITY("then min quality"),
  MAX_COST("then max cost"),
  RELEGATE("then relegate"),
  REFUSE("then refuse");

  private static final int FORBIDDEN = 403;

  private final String column;

  TableAction(String column) {
    this.column = column;
  }

  static @Nullable TableAction of(String column) {
    return Arrays.stream(values()).filter(a -> a.column.equals(column)).findFirst().orElse(null);
  }

  static String names() {
    return Arrays.stream(values()).map(a -> a.column).collect(Collectors.joining(", "));
  }

  /** Java for a consequence. */
  String call(String cell) {
    return switch (this) {
      case EXCLUDE -> "";
      case LANE ->
          switch (cell.toLowerCase(Locale.ROOT)) {
            case "interactive" -> "ruling.lane(Lane.INTERACTIVE);";
            case "bulk" -> "ruling.lane(Lane.BULK);";
            default -> throw wrong("interactive or bulk", cell);
          };
      case CAP_TOKENS -> "ruling.capTokens(" + (int) number(cell, 1, Integer.MAX_VALUE) + ");";
      case WEIGHT -> "ruling.weight(" + number(cell, 0, 100) + ");";
      case MIN_QUALITY -> "ruling.floor(" + number(cell, 0, 1) + ");";
      case MAX_COST -> "ruling.ceiling(" + number(cell, 0, 1e9) + ");";
      case RELEGATE ->
          switch (cell.toLowerCase(Locale.ROOT)) {
            case "yes" -> "ruling.relegate();";
            case "never" -> "ruling.neverRelegate();";
            default -> throw wrong("yes or never", cell);
          };
      case REFUSE ->
          "ruling.refuse(%d, \"permission_denied\", %s);"
              .formatted(FORBIDDEN, DecisionTable.quoted(cell));
    };
  }

  static boolean yes(String cell) {
    return switch (cell.toLowerCase(Locale.ROOT)) {
      case "yes", "true" -> true;
      case "no", "false" -> false;
      default -> throw wrong("yes or no", cell);
    };
  }

  private static double number(String cell, double least, double most) {
    try {
      double value = Double.parseDouble(cell);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw wrong("a number", cell);
    }
    throw new IllegalArgumentException(
        "must be between %s and %s, got %s".formatted(least, most, cell));
  }

  private static IllegalArgumentException wrong(String expected, String cell) {
    return new IllegalArgumentException("expected " + expected + ", got '" + cell + "'");
  }
}
