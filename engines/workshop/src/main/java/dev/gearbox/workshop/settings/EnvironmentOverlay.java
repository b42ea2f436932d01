package dev.gearbox.workshop.settings;

import dev.gearbox.workshop.settings.Tree.Mapping;
import dev.gearbox.workshop.settings.Tree.Scalar;
import dev.gearbox.workshop.settings.Tree.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Settings from environment variables, by the names that Spring's relaxed binding gives them:
 * {@code gearbox.server.admin-port} is {@code GEARBOX_SERVER_ADMINPORT} or {@code
 * GEARBOX_SERVER_ADMIN_PORT}, {@code gearbox.pools[0].threads} is {@code GEARBOX_POOLS_0_THREADS}.
 * A variable overrides its one key, inside lists too. A variable that names no key is somebody
 * else's and is left alone.
 */
final class EnvironmentOverlay {
  private EnvironmentOverlay() {}

  static Tree.Mapping apply(
      Tree.Mapping tree, Class<?> type, String prefix, Map<String, String> environment) {
    String start = prefix.toUpperCase(Locale.ROOT) + "_";
    Mapping result = tree;
    for (var variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      // Kubernetes announces services in the form NAME_PORT=tcp://…
      if (!name.startsWith(start) || variable.getValue().startsWith("tcp://")) {
        continue;
      }
      List<String> words = List.of(name.substring(start.length()).split("_", -1));
      Scalar value = new Scalar(variable.getValue(), false, name);
      if (record(result, type, words, value) instanceof Mapping changed) {
        result = changed;
      }
    }
    return result;
  }

  /** The tree with the value put in; null when the words name no key of {@code type}. */
  private static @Nullable Tree record(
      @Nullable Tree tree, Class<?> type, List<String> words, Scalar value) {
    for (int taken = 1; taken <= words.size(); taken++) {
      String name = String.join("", words.subList(0, taken));
      for (Component component : Component.of(type)) {
        if (!component.key().replace("-", "").toUpperCase(Locale.ROOT).equals(name)) {
          continue;
        }
        Mapping mapping =
            tree instanceof Mapping there ? there : new Mapping(Map.of(), value.origin());
        List<String> rest = words.subList(taken, words.size());
        Tree inner = component(mapping.entries().get(component.key()), component, rest, value);
        if (inner != null) {
          Map<String, Tree> entries = new LinkedHashMap<>(mapping.entries());
          entries.put(component.key(), inner);
          return new Mapping(entries, mapping.origin());
        }
      }
    }
    return null;
  }

  private static @Nullable Tree component(
      @Nullable Tree tree, Component component, List<String> words, Scalar value) {
    if (component.list()) {
      return list(tree, component, words, value);
    }
    if (component.isRecord()) {
      return words.isEmpty() ? null : record(tree, component.type(), words, value);
    }
    return words.isEmpty() ? value : null;
  }

  private static @Nullable Tree list(
      @Nullable Tree tree, Component component, List<String> words, Scalar value) {
    if (words.isEmpty()) {
      return component.isRecord() && component.nameKey() == null ? null : commaSeparated(value);
    }
    if (!words.getFirst().matches("[0-9]{1,4}")) {
      return null;
    }
    int index = Integer.parseInt(words.getFirst());
    List<Tree> items =
        new ArrayList<>(tree instanceof Sequence there ? there.items() : List.<Tree>of());
    if (index > items.size()) {
      return null;
    }
    List<String> rest = words.subList(1, words.size());
    Tree before = index < items.size() ? items.get(index) : null;
    Tree item =
        component.isRecord() && !(rest.isEmpty() && component.nameKey() != null)
            ? rest.isEmpty() ? null : record(before, component.type(), rest, value)
            : rest.isEmpty() ? value : null;
    if (item == null) {
      return null;
    }
    if (index == items.size()) {
      items.add(item);
    } else {
      items.set(index, item);
    }
    return new Sequence(items, value.origin());
  }

  private static Sequence commaSeparated(Scalar value) {
    List<Tree> items = new ArrayList<>();
    for (String part : value.text().split(",", -1)) {
      items.add(new Scalar(part.strip(), false, value.origin()));
    }
    return new Sequence(items, value.origin());
  }
}
