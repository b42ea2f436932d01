package dev.gearbox.format.template;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The tests of Jinja2, what follows {@code is}. */
final class Tests {
  private Tests() {}

  static boolean holds(Object value, Arguments arguments) {
    return switch (arguments.of()) {
      case "defined" -> value != Absent.UNDEFINED;
      case "undefined" -> value == Absent.UNDEFINED;
      case "none" -> value == Absent.NONE;
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map;
      case "sequence", "iterable" ->
          value instanceof List || value instanceof Map || value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "number" -> Values.isNumber(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "callable" -> value instanceof Callable;
      case "odd" -> Math.floorMod(Values.integer(value), 2) == 1;
      case "even" -> Math.floorMod(Values.integer(value), 2) == 0;
      case "divisibleby" -> {
        long by = Values.integer(arguments.get(0, "num"));
        if (by == 0) {
          throw TemplateException.evaluation("a number is divided by zero");
        }
        yield Values.integer(value) % by == 0;
      }
      case "lower" -> value instanceof String s && s.equals(s.toLowerCase(Locale.ROOT));
      case "upper" -> value instanceof String s && s.equals(s.toUpperCase(Locale.ROOT));
      case "in" -> Values.contains(arguments.get(0, "seq"), value);
      case "sameas" -> {
        Object other = arguments.get(0, "other");
        yield value.getClass() == other.getClass() && Values.equal(value, other);
      }
      case "eq", "equalto", "==" -> Values.equal(value, arguments.get(0, "other"));
      case "ne" -> !Values.equal(value, arguments.get(0, "other"));
      case "lt", "lessthan" -> Values.compare(value, arguments.get(0, "other")) < 0;
      case "le" -> Values.compare(value, arguments.get(0, "other")) <= 0;
      case "gt", "greaterthan" -> Values.compare(value, arguments.get(0, "other")) > 0;
      case "ge" -> Values.compare(value, arguments.get(0, "other")) >= 0;
      default -> throw TemplateException.evaluation("there is no test " + arguments.of());
    };
  }
}
