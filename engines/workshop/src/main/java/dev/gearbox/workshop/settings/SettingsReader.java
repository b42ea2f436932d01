package dev.gearbox.workshop.settings;

import dev.gearbox.workshop.settings.Tree.Mapping;
import dev.gearbox.workshop.settings.Tree.Scalar;
import dev.gearbox.workshop.settings.Tree.Sequence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads YAML and environment variables into records and gathers every problem instead of stopping
 * at the first. A value that is wrong counts as absent, so that checks across values still see the
 * rest; {@link #finish} throws when there was any problem.
 */
public final class SettingsReader {
  private final List<Problem> problems = new ArrayList<>();
  private final IdentityHashMap<Object, Where> where = new IdentityHashMap<>();

  private record Where(String path, Mapping tree) {}

  /** Text with a name for messages, such as the path of its file. */
  public record Text(String name, String content) {}

  /**
   * Reads the mapping under {@code prefix}. Where several texts have the same key right under the
   * prefix, the last one has it alone.
   *
   * @return null when a required key is missing
   */
  public <T extends Record> @Nullable T read(
      Class<T> type, String prefix, List<Text> texts, Map<String, String> environment) {
    Map<String, Tree> merged = new LinkedHashMap<>();
    String origin = "";
    for (Text text : texts) {
      Mapping mapping = under(prefix, new TreeParser(text.name(), problems).parse(text.content()));
      merged.putAll(mapping.entries());
      origin = mapping.origin();
    }
    Mapping all = EnvironmentOverlay.apply(new Mapping(merged, origin), type, prefix, environment);
    return type.cast(record(all, type, prefix));
  }

  /** Adds a problem at a key of a record that this reader made. */
  public void problem(Object record, String key, String message) {
    Where at = where.get(record);
    if (at == null) {
      throw new IllegalArgumentException("not read here: " + record);
    }
    problems.add(new Problem(originOf(at.tree(), key), at.path() + "." + key, message));
  }

  /**
   * Where each setting of a record that this reader made comes from, by its path as in {@link
   * SettingLines}: a file with the line, an environment variable, or {@code default}.
   */
  public Map<String, String> origins(Record read, String prefix) {
    Map<String, String> origins = new LinkedHashMap<>();
    SettingLines.walk(
        read,
        prefix,
        (owner, component, path, value) -> {
          Where at = where.get(owner);
          Tree written = at == null ? null : at.tree().entries().get(component.key());
          boolean none = written instanceof Scalar scalar && scalar.isNull();
          origins.put(path, written == null || none ? "default" : written.origin());
        });
    return origins;
  }

  /** Adds the problems of another reading. */
  public void include(InvalidSettingsException other) {
    problems.addAll(other.problems());
  }

  /**
   * Ends the reading.
   *
   * @throws InvalidSettingsException when there was any problem
   */
  public void finish() throws InvalidSettingsException {
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException(problems);
    }
  }

  /** The line of {@code key}, which may end in {@code [index]}, else that of its record. */
  private static String originOf(Mapping tree, String key) {
    int bracket = key.indexOf('[');
    Tree value = tree.entries().get(bracket < 0 ? key : key.substring(0, bracket));
    if (bracket >= 0 && value instanceof Sequence sequence) {
      int index = Integer.parseInt(key.substring(bracket + 1, key.length() - 1));
      return sequence.items().get(index).origin();
    }
    return value == null ? tree.origin() : value.origin();
  }

  private Mapping under(String prefix, Tree tree) {
    if (!(tree instanceof Mapping root)) {
      problems.add(new Problem(tree.origin(), "", "expected a mapping under '" + prefix + "'"));
      return new Mapping(Map.of(), tree.origin());
    }
    for (var entry : root.entries().entrySet()) {
      if (!entry.getKey().equals(prefix)) {
        String hint = "; everything stands under '" + prefix + ":'";
        unknown(entry.getValue().origin(), entry.getKey(), entry.getKey(), hint);
      }
    }
    Tree inner = root.entries().get(prefix);
    if (inner instanceof Mapping mapping) {
      return mapping;
    }
    if (inner != null && !(inner instanceof Scalar scalar && scalar.isNull())) {
      problems.add(new Problem(inner.origin(), prefix, "expected a mapping, got " + inner.kind()));
    }
    return new Mapping(Map.of(), root.origin());
  }

  private @Nullable Object record(Mapping tree, Class<?> type, String path) {
    List<Component> components = Component.of(type);
    for (var entry : tree.entries().entrySet()) {
      if (components.stream().noneMatch(c -> c.key().equals(entry.getKey()))) {
        String hint = DidYouMean.hint(entry.getKey(), Component.keys(components));
        unknown(entry.getValue().origin(), path + "." + entry.getKey(), entry.getKey(), hint);
      }
    }
    Object[] values = new Object[components.size()];
    boolean complete = true;
    for (int i = 0; i < values.length; i++) {
      Component component = components.get(i);
      Object value = value(tree, component, path + "." + component.key());
      values[i] = value;
      complete &= value != null || component.setting().optional();
    }
    if (!complete) {
      return null;
    }
    Object record = construct(type, values);
    where.put(record, new Where(path, tree));
    return record;
  }

  private @Nullable Object value(Mapping parent, Component component, String path) {
    Tree written = parent.entries().get(component.key());
    Tree tree = written instanceof Scalar scalar && scalar.isNull() ? null : written;
    if (tree == null) {
      return absent(parent, component, path);
    }
    if (component.list()) {
      return list(tree, component, path);
    }
    if (component.isRecord()) {
      return tree instanceof Mapping mapping
          ? record(mapping, component.type(), path)
          : notMapping(tree, path);
    }
    Object read = scalar(tree, component, path);
    String byDefault = component.byDefault();
    return read == null && byDefault != null ? ScalarReader.read(byDefault, component) : read;
  }

  private @Nullable Object absent(Mapping parent, Component component, String path) {
    if (component.list()) {
      return List.of();
    }
    if (component.setting().optional()) {
      return null;
    }
    if (component.isRecord()) {
      return record(new Mapping(Map.of(), parent.origin()), component.type(), path);
    }
    String byDefault = component.byDefault();
    if (byDefault != null) {
      return ScalarReader.read(byDefault, component);
    }
    problems.add(new Problem(parent.origin(), path, "is missing: " + component.setting().value()));
    return null;
  }

  private List<Object> list(Tree tree, Component component, String path) {
    if (!(tree instanceof Sequence sequence)) {
      problems.add(new Problem(tree.origin(), path, "expected a list, got " + tree.kind()));
      return List.of();
    }
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < sequence.items().size(); i++) {
      Tree item = sequence.items().get(i);
      String at = path + "[" + i + "]";
      Object value =
          !component.isRecord()
              ? scalar(item, component, at)
              : named(item, component) instanceof Mapping mapping
                  ? record(mapping, component.type(), at)
                  : notMapping(item, at);
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  /** The item, or the record that its one value stands for. */
  private static Tree named(Tree item, Component component) {
    String key = component.nameKey();
    return key != null && item instanceof Scalar
        ? new Mapping(Map.of(key, item), item.origin())
        : item;
  }

  private @Nullable Object notMapping(Tree item, String path) {
    problems.add(new Problem(item.origin(), path, "expected a mapping, got " + item.kind()));
    return null;
  }

  private @Nullable Object scalar(Tree tree, Component component, String path) {
    if (!(tree instanceof Scalar scalar)) {
      problems.add(new Problem(tree.origin(), path, "expected one value, got " + tree.kind()));
      return null;
    }
    try {
      return ScalarReader.read(scalar.text(), component);
    } catch (IllegalArgumentException e) {
      problems.add(new Problem(tree.origin(), path, String.valueOf(e.getMessage())));
      return null;
    }
  }

  private void unknown(String origin, String path, String key, String hint) {
    problems.add(new Problem(origin, path, "unknown key '" + key + "'" + hint));
  }

  private static Object construct(Class<?> type, @Nullable Object[] values) {
    try {
      Class<?>[] types =
          Arrays.stream(type.getRecordComponents())
              .map(RecordComponent::getType)
              .toArray(Class<?>[]::new);
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(type + " refused what its settings allow", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
