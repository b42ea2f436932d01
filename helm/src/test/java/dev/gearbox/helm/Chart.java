package dev.gearbox.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The chart, rendered as {@code helm template} does. */
final class Chart {
  static final Path FOLDER = Path.of("gearbox");
  static final String RELEASE = "prod";
  static final String NAMESPACE = "llm";

  /** The oldest Kubernetes that the chart says it runs on, and the one that its schemas are of. */
  static final List<String> KUBERNETES = List.of("1.30.0", "1.37.2");

  private Chart() {}

  /** The files of values that the chart is tried with. */
  static List<Path> values() {
    try (Stream<Path> files = Files.list(FOLDER.resolve("ci"))) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The objects that it makes of a file of values; not the pod of {@code helm test}, which Helm
   * leaves out here.
   */
  static List<JsonNode> rendered(Path values) {
    return rendered(values, KUBERNETES.getLast());
  }

  static List<JsonNode> rendered(Path values, String kubernetes) {
    String text =
        new Helm(FOLDER)
            .template()
            .withName(RELEASE)
            .withNamespace(NAMESPACE)
            .withKubeVersion(kubernetes)
            .withValuesFile(values)
            .call();
    List<JsonNode> objects = new ArrayList<>();
    for (Object document : new Yaml().loadAll(text)) {
      if (document != null) {
        objects.add(JsonMapper.shared().valueToTree(document));
      }
    }
    return objects;
  }

  /** The same of values that are written here. */
  static List<JsonNode> rendered(String values) {
    try {
      Path file = Files.createTempFile("values", ".yaml");
      try {
        return rendered(Files.writeString(file, values));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static LintResult linted() {
    return new Helm(FOLDER).lint().strict().call();
  }

  /** What an object is called in messages: its kind and name. */
  static String name(JsonNode object) {
    return object.path("kind").asString() + " " + object.at("/metadata/name").asString();
  }

  /** Those of a kind. */
  static List<JsonNode> of(List<JsonNode> objects, String kind) {
    return objects.stream().filter(each -> each.path("kind").asString().equals(kind)).toList();
  }

  /** The one of a kind and name. */
  static JsonNode one(List<JsonNode> objects, String kind, String name) {
    return of(objects, kind).stream()
        .filter(each -> each.at("/metadata/name").asString().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
  }

  /** The pod of an object that has pods, else a missing node. */
  static JsonNode pod(JsonNode object) {
    return object.at("/spec/template");
  }

  /** Those that have pods. */
  static List<JsonNode> workloads(List<JsonNode> objects) {
    return objects.stream().filter(each -> !pod(each).isMissingNode()).toList();
  }

  /** All containers of a pod, those that run first included. */
  static List<JsonNode> containers(JsonNode pod) {
    List<JsonNode> all = new ArrayList<>();
    pod.at("/spec/initContainers").forEach(all::add);
    pod.at("/spec/containers").forEach(all::add);
    return all;
  }
}
