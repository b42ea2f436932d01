package dev.gearbox.gateway.slo;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** A place in a YAML file, which knows its line. */
record YamlPlace(String file, Node node) {
  /** What is under these keys, one in the other; null where something is missing. */
  @Nullable YamlPlace get(String... keys) {
    Node at = node;
    for (String key : keys) {
      at = at instanceof MappingNode mapping ? value(mapping, key) : null;
      if (at == null) {
        return null;
      }
    }
    return new YamlPlace(file, at);
  }

  /** The same, which must be there. */
  YamlPlace need(String... keys) {
    YamlPlace found = get(keys);
    if (found == null) {
      throw wrong("needs " + String.join(".", keys));
    }
    return found;
  }

  private static @Nullable Node value(MappingNode mapping, String key) {
    for (NodeTuple each : mapping.getValue()) {
      if (each.getKeyNode() instanceof ScalarNode name && name.getValue().equals(key)) {
        return each.getValueNode();
      }
    }
    return null;
  }

  /** Members of a list; of anything else, itself. */
  List<YamlPlace> members() {
    List<YamlPlace> members = new ArrayList<>();
    if (node instanceof SequenceNode list) {
      list.getValue().forEach(each -> members.add(new YamlPlace(file, each)));
    } else {
      members.add(this);
    }
    return members;
  }

  /** Keys and values of a mapping of texts. */
  java.util.Map<String, String> texts() {
    java.util.Map<String, String> texts = new java.util.LinkedHashMap<>();
    if (node instanceof MappingNode mapping) {
      for (NodeTuple each : mapping.getValue()) {
        texts.put(
            new YamlPlace(file, each.getKeyNode()).text(),
            new YamlPlace(file, each.getValueNode()).members().getFirst().text());
      }
    }
    return texts;
  }

  String text() {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw wrong("must be one value");
  }

  double number() {
    try {
      return Double.parseDouble(text());
    } catch (NumberFormatException e) {
      throw wrong("must be a number, got '" + text() + "'");
    }
  }

  /** What is wrong here, with file and line. */
  IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        "%s:%d: %s".formatted(file, node.getStartMark().getLine() + 1, what));
  }
}
