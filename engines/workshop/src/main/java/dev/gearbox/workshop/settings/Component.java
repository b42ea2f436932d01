package dev.gearbox.workshop.settings;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A record component as a setting.
 *
 * @param key as it is written: {@code maxSequences} is {@code max-sequences}
 * @param type of one value
 * @param list whether it is a list of those
 * @param setting its meaning
 */
record Component(String key, Class<?> type, boolean list, Setting setting) {
  private static final Pattern HUMP = Pattern.compile("([a-z0-9])([A-Z])");
  private static final ClassValue<List<Component>> OF_TYPE =
      new ClassValue<>() {
        @Override
        protected List<Component> computeValue(Class<?> type) {
          return List.copyOf(read(type));
        }
      };

  static List<Component> of(Class<?> type) {
    return OF_TYPE.get(type);
  }

  private static List<Component> read(Class<?> type) {
    List<Component> components = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Setting setting = component.getAnnotation(Setting.class);
      if (setting == null) {
        throw new IllegalArgumentException(component + " has no @Setting");
      }
      Type generic = component.getGenericType();
      boolean list = component.getType() == List.class;
      Class<?> element =
          list
              ? (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0]
              : component.getType();
      String key = setting.key().isEmpty() ? kebab(component.getName()) : setting.key();
      components.add(new Component(key, element, list, setting));
    }
    return components;
  }

  static List<String> keys(List<Component> components) {
    return components.stream().map(Component::key).toList();
  }

  /** Names of an enum's constants as they are written: {@code CPU_SIMD} is {@code cpu-simd}. */
  static List<String> names(Class<?> type) {
    Object[] constants = type.getEnumConstants();
    return Arrays.stream(constants).map(c -> kebab(((Enum<?>) c).name())).toList();
  }

  boolean isRecord() {
    return type.isRecord() && type != DataSize.class;
  }

  /** The key that an item stands for which is written as one value; null where none may be. */
  @Nullable String nameKey() {
    return setting.named() ? of(type).getFirst().key() : null;
  }

  /** The default as it would be written; null when there is none. */
  @Nullable String byDefault() {
    return setting.byDefault().isEmpty() ? null : setting.byDefault();
  }

  boolean required() {
    return !setting.optional() && !list && !isRecord() && byDefault() == null;
  }

  /** A name of Java's as it is written. */
  static String kebab(String name) {
    String dashed =
        name.equals(name.toUpperCase(Locale.ROOT))
            ? name.replace('_', '-')
            : HUMP.matcher(name).replaceAll("$1-$2");
    return dashed.toLowerCase(Locale.ROOT);
  }
}
