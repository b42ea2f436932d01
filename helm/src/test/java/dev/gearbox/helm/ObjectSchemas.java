package dev.gearbox.helm;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What Kubernetes and the makers of custom resources say of their objects, unknown keys refused.
 */
final class ObjectSchemas {
  private final JsonNode all =
      JsonMapper.shared().readTree(Path.of("schemas", "objects.json").toFile());
  private final SchemaRegistry registry =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4);
  private final Map<String, Schema> known = new HashMap<>();

  /** What is wrong with an object; nothing where it is right. */
  List<String> faults(JsonNode object) {
    String kind = object.path("apiVersion").asString() + "/" + object.path("kind").asString();
    if (!all.path("kinds").has(kind)) {
      return List.of(Chart.name(object) + ": no schema of " + kind);
    }
    return known.computeIfAbsent(kind, this::schema).validate(object).stream()
        .map(Error::toString)
        .map(fault -> Chart.name(object) + ": " + fault)
        .toList();
  }

  private Schema schema(String kind) {
    ObjectNode schema = JsonMapper.shared().createObjectNode();
    schema.put("$ref", "#/definitions/" + kind.replace("/", "~1"));
    schema
        .putObject("definitions")
        .setAll((ObjectNode) all.path("definitions"))
        .setAll((ObjectNode) all.path("kinds"));
    return registry.getSchema(schema);
  }
}
