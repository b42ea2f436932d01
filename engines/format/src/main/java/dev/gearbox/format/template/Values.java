package dev.gearbox.format.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Python's operators make of the values of templates. */
final class Values {
  private static final int MAX_DEPTH = 32;

  private Values() {}

  /**
   * A copy of plain data in the values of templates; anything but maps, lists, texts, numbers and
   * booleans is refused.
   */
  static Object of(@Nullable Object data) {
    return of(data, 0);
  }

  private static Object of(@Nullable Object data, int depth) {
    if (depth > MAX_DEPTH) {
      throw new TemplateException(
          TemplateException.Code.LIMIT,
          "the messages or tools are nested more than %d deep".formatted(MAX_DEPTH));
    }
    return switch (data) {
      case null -> Absent.NONE;
      case String s -> s;
      case Boolean b -> b;
      case Integer i -> i.longValue();
      case Long l -> l;
      case Number n -> number(n);
      case List<?> list -> {
        List<Object> copy = new ArrayList<>(list.size());
        for (Object element : list) {
          copy.add(of(element, depth + 1));
        }
        yield Collections.unmodifiableList(copy);
      }
      case Map<?, ?> map -> {
        Map<Object, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
        map.forEach((key, value) -> copy.put(String.valueOf(key), of(value, depth + 1)));
        yield Collections.unmodifiableMap(copy);
      }
      default ->
          throw TemplateException.evaluation(
              "a %s is no plain value".formatted(data.getClass().getSimpleName()));
    };
  }

  private static Object number(Number number) {
    if (number instanceof Double || number instanceof Float) {
      return number.doubleValue();
    }
    try {
      return new BigDecimal(number.toString()).longValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      return number.doubleValue();
    }
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Absent a -> false;
      case Boolean b -> b;
      case Long l -> l != 0;
      case Double d -> d != 0;
      case String s -> !s.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> true;
    };
  }

  static boolean equal(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return (a instanceof Long x && b instanceof Long y)
          ? x.longValue() == y.longValue()
          : real(a) == real(b);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!equal(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    return a.equals(b);
  }

  static int compare(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return (a instanceof Long x && b instanceof Long y)
          ? Long.compare(x, y)
          : Double.compare(real(a), real(b));
    }
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y);
    }
    throw TemplateException.evaluation("%s and %s have no order".formatted(kind(a), kind(b)));
  }

  static boolean contains(Object container, Object element) {
    return switch (container) {
      case String s when element instanceof String part -> s.contains(part);
      case List<?> list -> {
        for (Object each : list) {
          if (equal(each, element)) {
            yield true;
          }
        }
        yield false;
      }
      case Map<?, ?> map -> map.containsKey(element);
      case Absent a when a == Absent.UNDEFINED -> false;
      default ->
          throw TemplateException.evaluation(
              "%s cannot be in %s".formatted(kind(element), kind(container)));
    };
  }

  /** What a loop goes through: elements, keys, or characters. */
  static List<?> elements(Object value) {
    return switch (value) {
      case List<?> list -> list;
      case Map<?, ?> map -> List.copyOf(map.keySet());
      case String s -> s.codePoints().mapToObj(Character::toString).toList();
      case Absent a when a == Absent.UNDEFINED -> List.of();
      default -> throw TemplateException.evaluation(kind(value) + " cannot be gone through");
    };
  }

  static long length(Object value) {
    return switch (value) {
      case String s -> s.codePointCount(0, s.length());
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case Absent a when a == Absent.UNDEFINED -> 0;
      default -> throw TemplateException.evaluation(kind(value) + " has no length");
    };
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static long integer(Object value) {
    return switch (value) {
      case Long l -> l;
      case Boolean b -> b ? 1 : 0;
      default -> throw TemplateException.evaluation(kind(value) + " is no integer");
    };
  }

  static double real(Object value) {
    return value instanceof Double d ? d : (double) integer(value);
  }

  static String text(Object value) {
    if (value instanceof String s) {
      return s;
    }
    throw TemplateException.evaluation(kind(value) + " is no text");
  }

  /** Arithmetic on numbers; integers stay integers where Python keeps them. */
  static Object arithmetic(String operator, Object a, Object b) {
    if (!isNumber(a) || !isNumber(b)) {
      throw TemplateException.evaluation(
          "%s %s %s is not defined".formatted(kind(a), operator, kind(b)));
    }
    try {
      if (!(a instanceof Double) && !(b instanceof Double) && !operator.equals("/")) {
        return integers(operator, integer(a), integer(b));
      }
    } catch (ArithmeticException e) {
      throw TemplateException.evaluation("a number is too large, or divided by zero");
    }
    double x = real(a);
    double y = real(b);
    if (y == 0 && (operator.startsWith("/") || operator.equals("%"))) {
      throw TemplateException.evaluation("a number is divided by zero");
    }
    return switch (operator) {
      case "+" -> x + y;
      case "-" -> x - y;
      case "*" -> x * y;
      case "/" -> x / y;
      case "//" -> Math.floor(x / y);
      case "%" -> x - Math.floor(x / y) * y;
      default -> Math.pow(x, y);
    };
  }

  private static Object integers(String operator, long x, long y) {
    return switch (operator) {
      case "+" -> Math.addExact(x, y);
      case "-" -> Math.subtractExact(x, y);
      case "*" -> Math.multiplyExact(x, y);
      case "//" -> Math.floorDivExact(x, y);
      case "%" -> Math.floorMod(x, y);
      default ->
          y < 0 ? (Object) Math.pow((double) x, (double) y) : Math.powExact(x, Math.toIntExact(y));
    };
  }

  /** What a value is, for messages. */
  static String kind(Object value) {
    return switch (value) {
      case Absent a -> a == Absent.NONE ? "none" : "an undefined value";
      case Boolean b -> "a boolean";
      case Long l -> "an integer";
      case Double d -> "a real number";
      case String s -> "a text";
      case List<?> list -> "a list";
      case Map<?, ?> map -> "a mapping";
      default -> "an object";
    };
  }
}
