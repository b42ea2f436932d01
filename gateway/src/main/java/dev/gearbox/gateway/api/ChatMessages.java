package dev.gearbox.gateway.api;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Prompt.Message;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The {@code messages} of a chat request: roles, content as text or parts, tool calls. */
final class ChatMessages {
  private static final int MAX_MESSAGES = 10_000;
  private static final int MAX_PARTS = 10_000;
  private static final int MAX_TOOL_CALLS = 128;
  private static final int MAX_NAME = 256;
  private static final Set<String> ROLES =
      new LinkedHashSet<>(List.of("system", "developer", "user", "assistant", "tool"));

  private ChatMessages() {}

  /** Parses the list; features that its content asks for are added to {@code needs}. */
  static List<Message> parse(Fields body, Map<Feature, String> needs) {
    ArrayNode array = body.array("messages", MAX_MESSAGES);
    if (array == null || array.isEmpty()) {
      throw new InvalidFieldException("messages", "messages must have at least one message");
    }
    List<Message> messages = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      String path = "messages[" + i + "]";
      if (!(array.get(i) instanceof ObjectNode object)) {
        throw Fields.wrong(path, "an object", array.get(i));
      }
      messages.add(message(new Fields(object, path), needs));
    }
    return messages;
  }

  private static Message message(Fields fields, Map<Feature, String> needs) {
    String asked =
        Fields.oneOf(fields.requiredString("role", MAX_NAME), ROLES, fields.param("role"));
    String role = asked.equals("developer") ? "system" : asked;
    String toolCalls = role.equals("assistant") ? toolCalls(fields) : null;
    String content = content(fields, needs);
    if (content == null && toolCalls == null) {
      throw new InvalidFieldException(
          fields.param("content"), fields.param("content") + " is required");
    }
    String toolCallId =
        role.equals("tool") ? fields.requiredString("tool_call_id", MAX_NAME) : null;
    return new Message(role, content, toolCalls, toolCallId, fields.string("name", MAX_NAME));
  }

  private static @Nullable String content(Fields fields, Map<Feature, String> needs) {
    JsonNode content = fields.get("content");
    if (content == null) {
      return null;
    }
    if (content.isString()) {
      return fields.string("content", JsonBody.MAX_BYTES);
    }
    if (!content.isArray()) {
      throw Fields.wrong(fields.param("content"), "a string or an array of parts", content);
    }
    ArrayNode parts = fields.array("content", MAX_PARTS);
    List<String> texts = new ArrayList<>();
    for (int i = 0; parts != null && i < parts.size(); i++) {
      String path = fields.param("content") + "[" + i + "]";
      if (!(parts.get(i) instanceof ObjectNode part)) {
        throw Fields.wrong(path, "an object", parts.get(i));
      }
      texts.add(part(new Fields(part, path), needs));
    }
    if (texts.isEmpty()) {
      throw new InvalidFieldException(
          fields.param("content"), fields.param("content") + " must have at least one part");
    }
    return String.join("\n", texts);
  }

  private static String part(Fields part, Map<Feature, String> needs) {
    String type = part.requiredString("type", MAX_NAME);
    return switch (type) {
      case "text" -> part.requiredString("text", JsonBody.MAX_BYTES);
      case "refusal" -> part.requiredString("refusal", JsonBody.MAX_BYTES);
      case "image_url" -> {
        // No engine sees pictures; the name makes the refusal point at this part.
        needs.putIfAbsent(Feature.VISION, part.param("type"));
        yield "";
      }
      default ->
          throw new InvalidFieldException(
              part.param("type"),
              part.param("type")
                  + " must be one of text, refusal, image_url, got "
                  + Fields.shown(type));
    };
  }

  private static @Nullable String toolCalls(Fields fields) {
    ArrayNode calls = fields.array("tool_calls", MAX_TOOL_CALLS);
    if (calls == null || calls.isEmpty()) {
      return null;
    }
    for (int i = 0; i < calls.size(); i++) {
      String path = fields.param("tool_calls") + "[" + i + "]";
      if (!(calls.get(i) instanceof ObjectNode call)) {
        throw Fields.wrong(path, "an object", calls.get(i));
      }
      Fields function = new Fields(call, path).object("function");
      if (function == null) {
        throw new InvalidFieldException(path + ".function", path + ".function is required");
      }
      function.requiredString("name", MAX_NAME);
      function.requiredString("arguments", JsonBody.MAX_BYTES);
    }
    return calls.toString();
  }
}
