package dev.gearbox.format.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Messages as templates expect them, from messages as the OpenAI API has them. */
final class Conversation {
  private static final JsonMapper JSON = new JsonMapper();

  private Conversation() {}

  /**
   * Every message gets a content, and the arguments of tool calls become values where they are JSON
   * in a text.
   */
  static List<Map<String, @Nullable Object>> prepared(
      List<? extends Map<String, ? extends @Nullable Object>> messages) {
    List<Map<String, @Nullable Object>> prepared = new ArrayList<>(messages.size());
    for (Map<String, ? extends @Nullable Object> message : messages) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>(message);
      if (copy.get("content") == null) {
        copy.put("content", "");
      }
      if (copy.get("tool_calls") instanceof List<?> calls) {
        copy.put("tool_calls", calls.stream().map(Conversation::withArguments).toList());
      }
      prepared.add(copy);
    }
    return prepared;
  }

  private static Object withArguments(Object call) {
    if (!(call instanceof Map<?, ?> map
        && map.get("function") instanceof Map<?, ?> function
        && function.get("arguments") instanceof String json)) {
      return call;
    }
    Map<Object, @Nullable Object> parsedFunction = new LinkedHashMap<>(function);
    parsedFunction.put("arguments", parsed(json));
    Map<Object, @Nullable Object> parsedCall = new LinkedHashMap<>(map);
    parsedCall.put("function", parsedFunction);
    return parsedCall;
  }

  /** Arguments that are no JSON stay the text that the model made of them. */
  private static Object parsed(String json) {
    try {
      Object value = JSON.readValue(json, Object.class);
      return value instanceof Map || value instanceof List ? value : json;
    } catch (JacksonException e) {
      return json;
    }
  }
}
