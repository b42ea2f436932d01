package dev.gearbox.workshop.settings;

import dev.gearbox.workshop.settings.Tree.Mapping;
import dev.gearbox.workshop.settings.Tree.Scalar;
import dev.gearbox.workshop.settings.Tree.Sequence;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Parses YAML text into a {@link Tree}; syntax errors and repeated keys become problems. */
final class TreeParser {
  /** Deeper than any setting; an alias that contains itself ends here. */
  private static final int MAX_VALUES = 100_000;

  private static final int MAX_DEPTH = 20;

  private final String file;
  private final List<Problem> problems;
  private int values;

  TreeParser(String file, List<Problem> problems) {
    this.file = file;
    this.problems = problems;
  }

  /** The document; an empty mapping when the text is empty or cannot be parsed. */
  Tree parse(String text) {
    try {
      LoaderOptions options = new LoaderOptions();
      options.setMaxAliasesForCollections(50);
      Node node = new Yaml(options).compose(new StringReader(text));
      return node == null ? empty() : tree(node, at(node.getStartMark()), "", 0);
    } catch (MarkedYAMLException e) {
      String what = e.getProblem() == null ? "no YAML" : e.getProblem();
      problems.add(new Problem(at(e.getProblemMark()), "", what.replaceAll("\\s+", " ")));
    } catch (YAMLException e) {
      problems.add(new Problem(file, "", String.valueOf(e.getMessage()).replaceAll("\\s+", " ")));
    }
    return empty();
  }

  /** The origin of a value is the line of its key, where a reader looks for it. */
  private Tree tree(Node node, String origin, String path, int depth) {
    if (depth > MAX_DEPTH) {
      problems.add(new Problem(origin, path, "nested too deep"));
      return new Scalar("", true, origin);
    }
    if (++values > MAX_VALUES) {
      // A few aliases of aliases are millions of values.
      if (values == MAX_VALUES + 1) {
        problems.add(new Problem(origin, path, "more than " + MAX_VALUES + " values"));
      }
      return new Scalar("", true, origin);
    }
    return switch (node) {
      case ScalarNode scalar ->
          new Scalar(scalar.getValue(), Tag.NULL.equals(scalar.getTag()), origin);
      case SequenceNode sequence -> {
        List<Tree> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
          String inner = path + "[" + items.size() + "]";
          items.add(tree(item, at(item.getStartMark()), inner, depth + 1));
        }
        yield new Sequence(items, origin);
      }
      case MappingNode mapping -> mapping(mapping, path, origin, depth);
      default -> throw new IllegalStateException("node of unknown kind " + node.getNodeId());
    };
  }

  private Mapping mapping(MappingNode mapping, String path, String origin, int depth) {
    Map<String, Tree> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String keyOrigin = at(tuple.getKeyNode().getStartMark());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add(new Problem(keyOrigin, path, "a key must be a name"));
        continue;
      }
      String name = key.getValue();
      String inner = path.isEmpty() ? name : path + "." + name;
      Tree before =
          entries.putIfAbsent(name, tree(tuple.getValueNode(), keyOrigin, inner, depth + 1));
      if (before != null) {
        problems.add(new Problem(keyOrigin, inner, "written twice, first at " + before.origin()));
      }
    }
    return new Mapping(entries, origin);
  }

  private Mapping empty() {
    return new Mapping(new LinkedHashMap<>(), file);
  }

  private String at(@Nullable Mark mark) {
    return mark == null ? file : file + ":" + (mark.getLine() + 1);
  }
}
