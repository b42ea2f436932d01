package dev.gearbox.format.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values written as Python's {@code str}, {@code repr} and {@code json.dumps} write them. */
final class PythonText {
  private PythonText() {}

  static String str(Object value) {
    return switch (value) {
      case String s -> s;
      case Absent a -> a == Absent.NONE ? "None" : "";
      case Boolean b -> b ? "True" : "False";
      case Long l -> Long.toString(l);
      case Double d -> real(d);
      case List<?> list -> joined("[", list.stream().map(PythonText::repr).toList(), "]");
      case Map<?, ?> map ->
          joined(
              "{",
              map.entrySet().stream()
                  .map(e -> repr(e.getKey()) + ": " + repr(e.getValue()))
                  .toList(),
              "}");
      default -> throw TemplateException.evaluation(Values.kind(value) + " cannot be written");
    };
  }

  private static String repr(Object value) {
    if (!(value instanceof String s)) {
      return value == Absent.UNDEFINED ? "Undefined" : str(value);
    }
    char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c == quote) {
            out.append('\\');
          }
          out.append(c);
        }
      }
    }
    return out.append(quote).toString();
  }

  private static String joined(String open, List<String> parts, String close) {
    return open + String.join(", ", parts) + close;
  }

  /** Plain between 1e-4 and 1e16, with an exponent of two digits beyond. */
  private static String real(double d) {
    if (Double.isNaN(d) || Double.isInfinite(d)) {
      return Double.isNaN(d) ? "nan" : d > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(d);
    if (size == 0 || (size >= 1e-4 && size < 1e16)) {
      String plain = new BigDecimal(Double.toString(d)).toPlainString();
      String sign = d == 0 && 1 / d < 0 && !plain.startsWith("-") ? "-" : "";
      return sign + (plain.contains(".") ? plain : plain + ".0");
    }
    String[] parts = Double.toString(d).split("E", 2);
    String digits =
        parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0];
    int exponent = Integer.parseInt(parts[1]);
    return "%se%s%02d".formatted(digits, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /**
   * JSON as {@code json.dumps(value, ensure_ascii=False)} writes it.
   *
   * @param indent spaces of a level, negative for one line
   */
  static String json(Object value, int indent, String itemSeparator, String keySeparator) {
    StringBuilder out = new StringBuilder();
    new JsonWriter(out, indent, itemSeparator, keySeparator).write(value, 0);
    return out.toString();
  }

  private record JsonWriter(
      StringBuilder out, int indent, String itemSeparator, String keySeparator) {
    void write(Object value, int level) {
      switch (value) {
        case Absent a -> out.append("null");
        case Boolean b -> out.append(b);
        case String s -> quote(s);
        case List<?> list -> {
          List<Runnable> parts = new ArrayList<>();
          list.forEach(element -> parts.add(() -> write(element, level + 1)));
          group('[', parts, ']', level);
        }
        case Map<?, ?> map -> {
          List<Runnable> parts = new ArrayList<>();
          map.forEach((key, element) ->
              parts.add(() -> {
                quote(str(key));
                out.append(keySeparator);
                write(element, level + 1);
              }));
          group('{', parts, '}', level);
        }
        default -> out.append(str(value));
      }
    }

    private void group(char open, List<Runnable> parts, char close, int level) {
      out.append(open);
      for (int i = 0; i < parts.size(); i++) {
        out.append(i == 0 ? "" : itemSeparator);
        breakLine(level + 1);
        parts.get(i).run();
      }
      if (!parts.isEmpty()) {
        breakLine(level);
      }
      out.append(close);
    }

    private void breakLine(int level) {
      if (indent >= 0) {
        out.append('\n').repeat(' ', indent * level);
      }
    }

    private void quote(String s) {
      out.append('"');
      for (int i = 0; i < s.length(); i++) {
        char c = s.charAt(i);
        switch (c) {
          case '"' -> out.append("\\\"");
          case '\\' -> out.append("\\\\");
          case '\n' -> out.append("\\n");
          case '\r' -> out.append("\\r");
          case '\t' -> out.append("\\t");
          case '\b' -> out.append("\\b");
          case '\f' -> out.append("\\f");
          default -> {
            if (c < 0x20) {
              out.append("\\u%04x".formatted((int) c));
            } else {
              out.append(c);
            }
          }
        }
      }
      out.append('"');
    }
  }
}
