package dev.gearbox.gateway.api;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** Typed and bounded reading of a JSON object; null and absent are the same. */
final class Fields {
  private final ObjectNode node;
  private final String path;

  Fields(ObjectNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /** Full name of a field, as {@code error.param} gives it. */
  String param(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  @Nullable JsonNode get(String name) {
    JsonNode value = node.get(name);
    return value == null || value instanceof NullNode ? null : value;
  }

  @Nullable String string(String name, int maxLength) {
    JsonNode value = get(name);
    return value == null ? null : text(value, param(name), maxLength);
  }

  String requiredString(String name, int maxLength) {
    String value = string(name, maxLength);
    if (value == null) {
      throw new InvalidFieldException(param(name), param(name) + " is required");
    }
    return value;
  }

  boolean bool(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return false;
    }
    if (!value.isBoolean()) {
      throw wrong(param(name), "true or false", value);
    }
    return value.booleanValue();
  }

  @Nullable Long integer(String name, long min, long max) {
    JsonNode value = get(name);
    return value == null ? null : whole(value, param(name), min, max);
  }

  int integer(String name, int min, int max, int absent) {
    Long value = integer(name, min, max);
    return value == null ? absent : Math.toIntExact(value);
  }

  /** A number of {@code [min, max]}, or {@code (min, max]} when {@code above}. */
  @Nullable Double number(String name, double min, double max, boolean above) {
    JsonNode value = get(name);
    return value == null ? null : decimal(value, param(name), min, max, above);
  }

  float number(String name, double min, double max, boolean above, float absent) {
    Double value = number(name, min, max, above);
    if (value == null) {
      return absent;
    }
    float narrow = value.floatValue();
    // A double above the bound may round to it as a float.
    return above && narrow <= min ? Math.nextUp((float) min) : narrow;
  }

  @Nullable Fields object(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof ObjectNode object)) {
      throw wrong(param(name), "an object", value);
    }
    return new Fields(object, param(name));
  }

  @Nullable ArrayNode array(String name, int maxItems) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof ArrayNode array)) {
      throw wrong(param(name), "an array", value);
    }
    if (array.size() > maxItems) {
      throw new InvalidFieldException(
          param(name), param(name) + " takes up to " + maxItems + " items, got " + array.size());
    }
    return array;
  }

  ObjectNode node() {
    return node;
  }

  static String text(JsonNode value, String param, int maxLength) {
    if (!value.isString()) {
      throw wrong(param, "a string", value);
    }
    String text = value.stringValue();
    if (text.length() > maxLength) {
      throw new InvalidFieldException(
          param, param + " takes up to " + maxLength + " characters, got " + text.length());
    }
    if (!wellFormed(text)) {
      throw new InvalidFieldException(param, param + " has half of a surrogate pair");
    }
    return text;
  }

  static String oneOf(String value, Set<String> allowed, String param) {
    if (!allowed.contains(value)) {
      throw new InvalidFieldException(
          param, param + " must be one of " + String.join(", ", allowed) + ", got " + shown(value));
    }
    return value;
  }

  static long whole(JsonNode value, String param, long min, long max) {
    boolean integral =
        value.isIntegralNumber()
            || (value.isNumber()
                && Double.isFinite(value.doubleValue())
                && value.doubleValue() == Math.rint(value.doubleValue()));
    if (!integral) {
      throw wrong(param, "a whole number", value);
    }
    boolean fits = value.canConvertToLong();
    long number = fits ? value.longValue() : 0;
    if (!fits || number < min || number > max) {
      throw new InvalidFieldException(
          param, param + " must be " + min + " to " + max + ", got " + shown(value.toString()));
    }
    return number;
  }

  static double decimal(JsonNode value, String param, double min, double max, boolean above) {
    if (!value.isNumber()) {
      throw wrong(param, "a number", value);
    }
    double number = value.doubleValue();
    if (!(number >= min && number <= max) || (above && number == min)) {
      throw new InvalidFieldException(
          param,
          "%s must be %s%s to %s, got %s"
              .formatted(
                  param, above ? "above " : "", plain(min), plain(max), shown(value.toString())));
    }
    return number;
  }

  static InvalidFieldException wrong(String param, String expected, JsonNode value) {
    return new InvalidFieldException(
        param, param + " must be " + expected + ", got " + kind(value));
  }

  /** What a value is, for messages that must not repeat a client's text. */
  static String kind(@Nullable JsonNode value) {
    if (value == null || value.isMissingNode()) {
      return "nothing";
    }
    return switch (value.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT, POJO -> "an object";
      case STRING, BINARY -> "a string";
      case BOOLEAN -> "a boolean";
      case NUMBER -> "the number " + shown(value.toString());
      case NULL, MISSING -> "null";
    };
  }

  private static boolean wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) && Math.abs(bound) < 1e15
        ? Long.toString((long) bound)
        : Double.toString(bound);
  }

  static String shown(String value) {
    return value.length() <= 40 ? value : value.substring(0, 40) + "…";
  }
}
