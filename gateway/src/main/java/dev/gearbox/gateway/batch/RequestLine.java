package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.JsonBody;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A line as a request: {@code custom_id}, {@code method}, {@code url} and {@code body}. */
final class RequestLine {
  private RequestLine() {}

  /** The request, or what is wrong with it. */
  static Result<ObjectNode> read(JsonLines.Line line, String endpoint) {
    String text = line.text();
    return text == null
        ? invalid("the line is too long")
        : JsonBody.read(text.getBytes(StandardCharsets.UTF_8))
            .fold(json -> checked(json, endpoint), Result::refused);
  }

  private static Result<ObjectNode> checked(ObjectNode json, String endpoint) {
    String name = text(json, "custom_id");
    if (name == null || name.isEmpty()) {
      return invalid("custom_id is required: a string");
    }
    if (!"POST".equals(text(json, "method"))) {
      return invalid("method must be POST");
    }
    if (!endpoint.equals(text(json, "url"))) {
      return invalid("url must be the endpoint of the batch, " + endpoint);
    }
    return json.get("body") instanceof ObjectNode
        ? Result.ok(json)
        : invalid("body is required: an object");
  }

  private static @Nullable String text(ObjectNode json, String field) {
    JsonNode value = json.get(field);
    return value != null && value.isString() ? value.stringValue() : null;
  }

  private static Result<ObjectNode> invalid(String message) {
    return Result.refused(Refusal.invalid(null, message));
  }

  /** What a line calls itself, whatever else is wrong with it; null when nobody can tell. */
  static @Nullable String name(JsonLines.Line line) {
    String text = line.text();
    if (text == null) {
      return null;
    }
    return switch (JsonBody.read(text.getBytes(StandardCharsets.UTF_8))) {
      case Result.Ok<ObjectNode>(ObjectNode json) -> text(json, "custom_id");
      case Result.Refused<ObjectNode> ignored -> null;
    };
  }
}
