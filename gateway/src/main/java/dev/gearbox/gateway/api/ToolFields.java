package dev.gearbox.gateway.api;

import dev.gearbox.engine.EngineCapabilities.Feature;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code tools}, {@code tool_choice} and {@code response_format}: checked, and what they need. */
final class ToolFields {
  private static final int MAX_TOOLS = 128;
  private static final int MAX_NAME = 64;
  private static final Set<String> CHOICES =
      new LinkedHashSet<>(List.of("none", "auto", "required"));
  private static final Set<String> FORMATS =
      new LinkedHashSet<>(List.of("text", "json_object", "json_schema"));

  private ToolFields() {}

  /** The tools as a JSON array; null without any. */
  static @Nullable String tools(Fields body, Map<Feature, String> needs) {
    ArrayNode functions = body.array("functions", MAX_TOOLS);
    if (functions != null && !functions.isEmpty()) {
      throw new InvalidFieldException("functions", "functions is not supported: use tools");
    }
    ArrayNode tools = body.array("tools", MAX_TOOLS);
    boolean any = tools != null && !tools.isEmpty();
    choice(body, any);
    if (tools == null || tools.isEmpty()) {
      return null;
    }
    for (int i = 0; i < tools.size(); i++) {
      tool(tools.get(i), "tools[" + i + "]");
    }
    needs.put(Feature.TOOLS, "tools");
    return tools.toString();
  }

  private static void tool(JsonNode node, String path) {
    if (!(node instanceof ObjectNode object)) {
      throw Fields.wrong(path, "an object", node);
    }
    Fields tool = new Fields(object, path);
    Fields.oneOf(tool.requiredString("type", MAX_NAME), Set.of("function"), tool.param("type"));
    Fields function = tool.object("function");
    if (function == null) {
      throw new InvalidFieldException(path + ".function", path + ".function is required");
    }
    String name = function.requiredString("name", MAX_NAME);
    if (!name.matches("[A-Za-z0-9_.-]+")) {
      throw new InvalidFieldException(
          function.param("name"), function.param("name") + " takes letters, digits, _, . and -");
    }
    function.object("parameters");
  }

  private static void choice(Fields body, boolean tools) {
    JsonNode choice = body.get("tool_choice");
    if (choice == null) {
      return;
    }
    if (choice.isString()) {
      Fields.oneOf(Fields.text(choice, "tool_choice", MAX_NAME), CHOICES, "tool_choice");
    } else if (!choice.isObject()) {
      throw Fields.wrong("tool_choice", "a string or an object", choice);
    }
    boolean calls = choice.isObject() || choice.stringValue().equals("required");
    if (calls && !tools) {
      throw new InvalidFieldException("tool_choice", "tool_choice asks for a tool without tools");
    }
  }

  static void responseFormat(Fields body, Map<Feature, String> needs) {
    Fields format = body.object("response_format");
    if (format == null) {
      return;
    }
    String type =
        Fields.oneOf(format.requiredString("type", MAX_NAME), FORMATS, "response_format.type");
    if (type.equals("json_object")) {
      needs.put(Feature.JSON_OBJECT, "response_format");
    } else if (type.equals("json_schema")) {
      Fields schema = format.object("json_schema");
      if (schema == null || schema.object("schema") == null) {
        throw new InvalidFieldException(
            "response_format.json_schema", "response_format.json_schema.schema is required");
      }
      schema.requiredString("name", MAX_NAME);
      needs.put(Feature.JSON_SCHEMA, "response_format");
    }
  }
}
