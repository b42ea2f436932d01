package dev.gearbox.format.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The methods of texts, lists and mappings that templates may call: a list of ours, never a Java
 * method.
 */
final class Methods {
  private static final Set<String> OF_TEXT =
      Set.of(
          "strip",
          "lstrip",
          "rstrip",
          "split",
          "rsplit",
          "splitlines",
          "startswith",
          "endswith",
          "replace",
          "upper",
          "lower",
          "capitalize",
          "title",
          "join",
          "find",
          "rfind",
          "count",
          "isdigit",
          "isspace",
          "isalpha",
          "removeprefix",
          "removesuffix");
  private static final Set<String> OF_MAP = Set.of("items", "keys", "values", "get");
  private static final Set<String> OF_LIST = Set.of("index", "count");

  private final Budget budget;

  Methods(Budget budget) {
    this.budget = budget;
  }

  static boolean has(Object value, String name) {
    return switch (value) {
      case String s -> OF_TEXT.contains(name);
      case Map<?, ?> map -> OF_MAP.contains(name);
      case List<?> list -> OF_LIST.contains(name);
      default -> false;
    };
  }

  Object call(Object value, Arguments arguments) {
    return switch (value) {
      case String s -> ofText(s, arguments);
      case Map<?, ?> map -> ofMap(map, arguments);
      case List<?> list -> ofList(list, arguments);
      default -> throw TemplateException.evaluation(Values.kind(value) + " has no methods");
    };
  }

  private Object ofText(String s, Arguments arguments) {
    budget.make(s.length());
    return switch (arguments.of()) {
      case "strip" -> strip(s, arguments, true, true);
      case "lstrip" -> strip(s, arguments, true, false);
      case "rstrip" -> strip(s, arguments, false, true);
      case "split", "rsplit" -> split(s, arguments);
      case "splitlines" -> List.copyOf(s.lines().toList());
      case "startswith" -> affix(arguments.get(0, "prefix"), s, true);
      case "endswith" -> affix(arguments.get(0, "suffix"), s, false);
      case "replace" -> replace(s, arguments);
      case "upper" -> s.toUpperCase(Locale.ROOT);
      case "lower" -> s.toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(s);
      case "title" -> title(s);
      case "join" -> join(s, Values.elements(arguments.get(0, "iterable")));
      case "find" -> (long) s.indexOf(Values.text(arguments.get(0, "sub")));
      case "rfind" -> (long) s.lastIndexOf(Values.text(arguments.get(0, "sub")));
      case "count" ->
          (long) pieces(s, nonEmpty(arguments.get(0, "sub")), Integer.MAX_VALUE, false).size() - 1;
      case "isdigit" -> !s.isEmpty() && s.codePoints().allMatch(Character::isDigit);
      case "isspace" -> s.isBlank() && !s.isEmpty();
      case "isalpha" -> !s.isEmpty() && s.codePoints().allMatch(Character::isLetter);
      case "removeprefix" -> {
        String prefix = Values.text(arguments.get(0, "prefix"));
        yield s.startsWith(prefix) ? s.substring(prefix.length()) : s;
      }
      case "removesuffix" -> {
        String suffix = Values.text(arguments.get(0, "suffix"));
        yield s.endsWith(suffix) ? s.substring(0, s.length() - suffix.length()) : s;
      }
      default -> throw unknown("text", arguments);
    };
  }

  private Object ofMap(Map<?, ?> map, Arguments arguments) {
    budget.make(map.size());
    return switch (arguments.of()) {
      case "items" -> items(map);
      case "keys" -> List.copyOf(map.keySet());
      case "values" -> List.copyOf(map.values());
      case "get" -> {
        Object value = map.get(arguments.get(0, "key"));
        yield value != null ? value : arguments.get(1, "default", Absent.NONE);
      }
      default -> throw unknown("mapping", arguments);
    };
  }

  private static Object ofList(List<?> list, Arguments arguments) {
    Object wanted = arguments.get(0, "value");
    long count = 0;
    for (int i = 0; i < list.size(); i++) {
      if (Values.equal(list.get(i), wanted)) {
        if (arguments.of().equals("index")) {
          return (long) i;
        }
        count++;
      }
    }
    if (arguments.of().equals("index")) {
      throw TemplateException.evaluation("the list has no such value");
    }
    return count;
  }

  /** Pairs of key and value. */
  static List<Object> items(Map<?, ?> map) {
    List<Object> items = new ArrayList<>(map.size());
    map.forEach((key, value) -> items.add(List.of(key, value)));
    return items;
  }

  static String strip(String s, Arguments arguments, boolean leading, boolean trailing) {
    Object given = arguments.get(0, "chars", Absent.NONE);
    String characters = given instanceof String set ? set : null;
    int from = 0;
    int to = s.length();
    while (leading && from < to && goes(s.charAt(from), characters)) {
      from++;
    }
    while (trailing && to > from && goes(s.charAt(to - 1), characters)) {
      to--;
    }
    return s.substring(from, to);
  }

  private static boolean goes(char c, @Nullable String characters) {
    return characters == null
        ? Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85
        : characters.indexOf(c) >= 0;
  }

  private static List<Object> split(String s, Arguments arguments) {
    Object separator = arguments.get(0, "sep", Absent.NONE);
    long limit = Values.integer(arguments.get(1, "maxsplit", -1L));
    int most = limit < 0 ? Integer.MAX_VALUE : (int) Math.min(limit, Integer.MAX_VALUE);
    if (separator instanceof Absent) {
      String stripped = s.strip();
      return stripped.isEmpty()
          ? List.of()
          : List.of((Object[]) stripped.split("\\s+", most == Integer.MAX_VALUE ? 0 : most + 1));
    }
    return pieces(s, nonEmpty(separator), most, arguments.of().equals("rsplit"));
  }

  private static List<Object> pieces(String s, String separator, int most, boolean fromRight) {
    List<Object> pieces = new ArrayList<>();
    String rest = s;
    int at = fromRight ? rest.lastIndexOf(separator) : rest.indexOf(separator);
    int from = 0;
    int to = s.length();
    while (at >= 0 && pieces.size() < most) {
      if (fromRight) {
        pieces.addFirst(s.substring(at + separator.length(), to));
        to = at;
        at = s.lastIndexOf(separator, to - separator.length());
      } else {
        pieces.add(s.substring(from, at));
        from = at + separator.length();
        at = s.indexOf(separator, from);
      }
    }
    if (fromRight) {
      pieces.addFirst(s.substring(0, to));
    } else {
      pieces.add(s.substring(from));
    }
    return pieces;
  }

  private static String nonEmpty(Object separator) {
    String text = Values.text(separator);
    if (text.isEmpty()) {
      throw TemplateException.evaluation("an empty text separates nothing");
    }
    return text;
  }

  private static boolean affix(Object affix, String s, boolean prefix) {
    if (affix instanceof List<?> several) {
      return several.stream().anyMatch(each -> affix(each, s, prefix));
    }
    String text = Values.text(affix);
    return prefix ? s.startsWith(text) : s.endsWith(text);
  }

  String replace(String s, Arguments arguments) {
    String old = Values.text(arguments.get(0, "old"));
    String fresh = Values.text(arguments.get(1, "new"));
    long most = Values.integer(arguments.get(2, "count", -1L));
    long places = old.isEmpty() ? s.length() + 1L : s.length() / old.length();
    budget.make(s.length() + Math.multiplyExact(places, (long) fresh.length()) / 4);
    if (most < 0) {
      return checked(s.replace(old, fresh));
    }
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (int at = s.indexOf(old);
        at >= 0 && most > 0 && !old.isEmpty();
        at = s.indexOf(old, from)) {
      out.append(s, from, at).append(fresh);
      from = at + old.length();
      most--;
    }
    return checked(out.append(s, from, s.length()).toString());
  }

  private String checked(String made) {
    budget.make(made.length());
    return made;
  }

  static String capitalize(String s) {
    return s.isEmpty()
        ? s
        : s.substring(0, 1).toUpperCase(Locale.ROOT) + s.substring(1).toLowerCase(Locale.ROOT);
  }

  static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    boolean inWord = false;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      out.append(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return out.toString();
  }

  String join(String separator, List<?> elements) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < elements.size(); i++) {
      String part = PythonText.str(elements.get(i));
      budget.make(part.length());
      budget.check((long) out.length() + part.length() + separator.length());
      out.append(i == 0 ? "" : separator).append(part);
    }
    return out.toString();
  }

  private static TemplateException unknown(String kind, Arguments arguments) {
    return TemplateException.evaluation("a %s has no method %s".formatted(kind, arguments.of()));
  }
}
