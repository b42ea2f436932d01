package dev.gearbox.format.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The filters of Jinja2 that templates use. */
final class Filters {
  private final Budget budget;
  private final Methods methods;

  Filters(Budget budget, Methods methods) {
    this.budget = budget;
    this.methods = methods;
  }

  Object apply(Object input, Arguments arguments) {
    budget.step();
    return switch (arguments.of()) {
      case "tojson" -> toJson(input, arguments);
      case "trim" -> Methods.strip(made(PythonText.str(input)), arguments, true, true);
      case "length", "count" -> Values.length(input);
      case "upper" -> made(PythonText.str(input)).toUpperCase(Locale.ROOT);
      case "lower" -> made(PythonText.str(input)).toLowerCase(Locale.ROOT);
      case "capitalize" -> Methods.capitalize(made(PythonText.str(input)));
      case "title" -> Methods.title(made(PythonText.str(input)));
      case "string" -> made(PythonText.str(input));
      case "safe" -> input;
      case "default", "d" -> {
        boolean falseToo = Values.truth(arguments.get(1, "boolean", false));
        boolean absent = input == Absent.UNDEFINED || (falseToo && !Values.truth(input));
        yield absent ? arguments.get(0, "default_value", "") : input;
      }
      case "join" -> join(input, arguments);
      case "replace" -> methods.replace(made(PythonText.str(input)), arguments);
      case "indent" -> indent(made(PythonText.str(input)), arguments);
      case "int" -> integer(input, arguments);
      case "float" ->
          input instanceof String s ? parsed(s, arguments) : (Object) Values.real(input);
      case "abs" -> Values.compare(input, 0L) < 0 ? Values.arithmetic("-", 0L, input) : input;
      case "round" -> (double) Math.round(Values.real(input));
      case "escape", "e" -> escape(made(PythonText.str(input)));
      case "items", "dictsort" -> items(input, arguments.of().equals("dictsort"));
      default -> ofList(input, arguments);
    };
  }

  private Object ofList(Object input, Arguments arguments) {
    return switch (arguments.of()) {
      case "list" -> paid(Values.elements(input));
      case "first" -> ends(input, true);
      case "last" -> ends(input, false);
      case "reverse" ->
          input instanceof String s
              ? new StringBuilder(made(s)).reverse().toString()
              : paid(Values.elements(input).reversed());
      case "unique" -> {
        List<Object> unique = new ArrayList<>();
        for (Object element : paid(Values.elements(input))) {
          budget.make(unique.size());
          if (!Values.contains(unique, element)) {
            unique.add(element);
          }
        }
        yield unique;
      }
      case "sort" -> {
        List<Object> sorted = paid(Values.elements(input));
        Object by = arguments.get(0, "attribute", arguments.named().getOrDefault("attribute", ""));
        Comparator<Object> order =
            Comparator.comparing(
                (Object e) -> by instanceof String name && !name.isEmpty() ? attribute(e, name) : e,
                Values::compare);
        sorted.sort(
            Values.truth(arguments.named().getOrDefault("reverse", false))
                ? order.reversed()
                : order);
        yield sorted;
      }
      case "min", "max" -> {
        List<Object> elements = paid(Values.elements(input));
        Comparator<Object> order = Values::compare;
        yield elements.isEmpty()
            ? Absent.UNDEFINED
            : arguments.of().equals("min")
                ? Collections.min(elements, order)
                : Collections.max(elements, order);
      }
      case "sum" -> {
        Object sum = 0L;
        for (Object element : paid(Values.elements(input))) {
          sum = Values.arithmetic("+", sum, element);
        }
        yield sum;
      }
      case "map" -> map(input, arguments);
      case "select", "reject", "selectattr", "rejectattr" -> select(input, arguments);
      default -> throw TemplateException.evaluation("there is no filter " + arguments.of());
    };
  }

  private Object toJson(Object input, Arguments arguments) {
    Object indent = arguments.get(0, "indent", Absent.NONE);
    int spaces = indent instanceof Absent ? -1 : Math.clamp(Values.integer(indent), 0, 16);
    String comma = spaces < 0 ? ", " : ",";
    String colon = ": ";
    if (arguments.named().get("separators") instanceof List<?> two && two.size() == 2) {
      comma = Values.text(two.get(0));
      colon = Values.text(two.get(1));
    }
    return made(PythonText.json(input, spaces, comma, colon));
  }

  private Object join(Object input, Arguments arguments) {
    List<?> elements = Values.elements(input);
    Object by = arguments.get(1, "attribute", "");
    if (by instanceof String name && !name.isEmpty()) {
      elements = elements.stream().map(e -> attribute(e, name)).toList();
    }
    return methods.join(Values.text(arguments.get(0, "d", "")), elements);
  }

  private Object map(Object input, Arguments arguments) {
    List<Object> mapped = new ArrayList<>();
    Object by = arguments.named().get("attribute");
    for (Object element : paid(Values.elements(input))) {
      if (by instanceof String name) {
        Object value = attribute(element, name);
        Object fallback = arguments.named().get("default");
        mapped.add(value == Absent.UNDEFINED && fallback != null ? fallback : value);
      } else {
        String filter = Values.text(arguments.get(0, "filter"));
        mapped.add(apply(element, rest(filter, arguments, 1)));
      }
    }
    return mapped;
  }

  private Object select(Object input, Arguments arguments) {
    boolean byAttribute = arguments.of().endsWith("attr");
    boolean keep = arguments.of().startsWith("select");
    int before = byAttribute ? 1 : 0;
    List<Object> selected = new ArrayList<>();
    for (Object element : paid(Values.elements(input))) {
      Object value =
          byAttribute ? attribute(element, Values.text(arguments.get(0, "attribute"))) : element;
      boolean holds =
          arguments.size() > before
              ? Tests.holds(
                  value, rest(Values.text(arguments.get(before, "test")), arguments, before + 1))
              : Values.truth(value);
      if (holds == keep) {
        selected.add(element);
      }
    }
    return selected;
  }

  private static Arguments rest(String name, Arguments arguments, int from) {
    List<Object> positional = arguments.positional();
    return new Arguments(
        name, positional.subList(Math.min(from, positional.size()), positional.size()), Map.of());
  }

  private static Object attribute(Object element, String path) {
    Object value = element;
    for (String name : path.split("\\.", -1)) {
      Object found = value instanceof Map<?, ?> map ? map.get(name) : null;
      value = found == null ? Absent.UNDEFINED : found;
    }
    return value;
  }

  private static Object ends(Object input, boolean first) {
    List<?> elements = Values.elements(input);
    if (elements.isEmpty()) {
      return Absent.UNDEFINED;
    }
    return first ? elements.getFirst() : elements.getLast();
  }

  private List<Object> items(Object input, boolean sorted) {
    if (input == Absent.UNDEFINED) {
      return List.of();
    }
    if (!(input instanceof Map<?, ?> map)) {
      throw TemplateException.evaluation(Values.kind(input) + " has no items");
    }
    budget.make(map.size());
    List<Object> items = Methods.items(map);
    if (sorted) {
      items.sort(
          Comparator.comparing(
              e -> PythonText.str(((List<?>) e).getFirst()).toLowerCase(Locale.ROOT)));
    }
    return items;
  }

  private String indent(String text, Arguments arguments) {
    Object width = arguments.get(0, "width", 4L);
    String blanks =
        width instanceof String s ? s : " ".repeat(Math.clamp(Values.integer(width), 0, 64));
    boolean first = Values.truth(arguments.get(1, "first", false));
    boolean empty = Values.truth(arguments.get(2, "blank", false));
    StringBuilder out = new StringBuilder();
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      boolean indented = i == 0 ? first : empty || !lines[i].isEmpty();
      out.append(i == 0 ? "" : "\n").append(indented ? blanks : "").append(lines[i]);
    }
    return made(out.toString());
  }

  private static Object integer(Object input, Arguments arguments) {
    return switch (input) {
      case Double d -> d.longValue();
      case String s -> {
        try {
          yield Long.valueOf(s.strip());
        } catch (NumberFormatException e) {
          yield arguments.get(0, "default", 0L);
        }
      }
      case Absent a -> arguments.get(0, "default", 0L);
      default -> Values.integer(input);
    };
  }

  private static Object parsed(String s, Arguments arguments) {
    try {
      return Double.valueOf(s.strip());
    } catch (NumberFormatException e) {
      return arguments.get(0, "default", 0.0);
    }
  }

  private static String escape(String s) {
    return s.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&#34;")
        .replace("'", "&#39;");
  }

  private String made(String text) {
    budget.make(text.length());
    return text;
  }

  private List<Object> paid(List<?> elements) {
    budget.make(elements.size());
    return new ArrayList<>(elements);
  }
}
