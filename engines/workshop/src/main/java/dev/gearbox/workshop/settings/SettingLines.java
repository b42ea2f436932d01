package dev.gearbox.workshop.settings;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Settings as lines, each with its path and its value as a person writes it. Items of a list go by
 * their name where they have one: {@code gearbox.pools[cpu].threads}. What is secret is not in it.
 */
public final class SettingLines {
  private static final String NONE = "none";
  private static final String SECRET = "secret";

  private SettingLines() {}

  /** What happens at each setting. */
  @FunctionalInterface
  interface Visitor {
    void visit(Record owner, Component component, String path, @Nullable Object value);
  }

  /** Values by path, in the order of the records. */
  public static Map<String, String> of(Record settings, String prefix) {
    Map<String, String> lines = new LinkedHashMap<>();
    walk(
        settings,
        prefix,
        (owner, component, path, value) -> lines.put(path, written(component, value)));
    return lines;
  }

  static void walk(Record settings, String path, Visitor visitor) {
    RecordComponent[] accessors = settings.getClass().getRecordComponents();
    List<Component> components = Component.of(settings.getClass());
    for (int i = 0; i < accessors.length; i++) {
      Component component = components.get(i);
      Object value = read(settings, accessors[i]);
      String at = path + "." + component.key();
      if (component.isRecord() && value instanceof List<?> items && !items.isEmpty()) {
        for (int item = 0; item < items.size(); item++) {
          Record one = (Record) items.get(item);
          walk(one, at + "[" + label(one, item) + "]", visitor);
        }
      } else if (component.isRecord() && value instanceof Record inner) {
        walk(inner, at, visitor);
      } else {
        visitor.visit(settings, component, at, value);
      }
    }
  }

  private static String label(Record item, int index) {
    RecordComponent first = item.getClass().getRecordComponents()[0];
    return first.getName().equals("name")
        ? String.valueOf(read(item, first))
        : Integer.toString(index);
  }

  private static String written(Component component, @Nullable Object value) {
    if (value == null || value.equals(List.of())) {
      return NONE;
    }
    if (component.setting().secret()) {
      return SECRET;
    }
    return value instanceof List<?> items
        ? items.stream().map(SettingLines::written).collect(Collectors.joining(", "))
        : written(value);
  }

  private static String written(Object value) {
    return switch (value) {
      case Duration duration -> Durations.written(duration);
      case DataSize size -> size.written();
      case Enum<?> constant -> Component.kebab(constant.name());
      // Addresses may carry a password.
      case String text -> text.replaceAll("//[^/@\\s]*@", "//" + SECRET + "@");
      default -> String.format(Locale.ROOT, "%s", value);
    };
  }

  private static @Nullable Object read(Record owner, RecordComponent component) {
    try {
      var accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(owner);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
