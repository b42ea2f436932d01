package dev.gearbox.runtime;

import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.Prompt.Chat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A conversation as the plain maps and lists that chat templates read. The arguments of tool calls,
 * text in the OpenAI API, become values, because templates print them as such.
 */
final class ChatValues {
  private static final JsonMapper JSON = JsonMapper.shared();

  private ChatValues() {}

  /** What a client sent is no conversation; the message names the field. */
  static final class MalformedChatException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String explanation;

    MalformedChatException(String explanation) {
      super(explanation);
      this.explanation = explanation;
    }

    @Override
    public String getMessage() {
      return explanation;
    }
  }

  static List<Map<String, Object>> messages(Chat chat) throws MalformedChatException {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (Prompt.Message message : chat.messages()) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("role", message.role());
      putIfPresent(values, "content", message.content());
      putIfPresent(values, "name", message.name());
      putIfPresent(values, "tool_call_id", message.toolCallId());
      String calls = message.toolCallsJson();
      if (calls != null) {
        List<?> list = array("tool_calls", calls);
        list.forEach(ChatValues::parseArguments);
        values.put("tool_calls", list);
      }
      messages.add(values);
    }
    return messages;
  }

  static @Nullable List<?> tools(Chat chat) throws MalformedChatException {
    String tools = chat.toolsJson();
    return tools == null ? null : array("tools", tools);
  }

  private static void putIfPresent(Map<String, Object> values, String key, @Nullable String value) {
    if (value != null) {
      values.put(key, value);
    }
  }

  private static List<?> array(String field, String json) throws MalformedChatException {
    try {
      if (JSON.readValue(json, Object.class) instanceof List<?> list) {
        return list;
      }
    } catch (JacksonException e) {
      throw new MalformedChatException(field + " is not valid JSON");
    }
    throw new MalformedChatException(field + " must be a JSON array");
  }

  @SuppressWarnings("unchecked") // JSON objects have text keys
  private static void parseArguments(@Nullable Object call) {
    if (call instanceof Map<?, ?> map
        && map.get("function") instanceof Map<?, ?> function
        && function.get("arguments") instanceof String arguments) {
      try {
        Object value = JSON.readValue(arguments, Object.class);
        if (value instanceof Map<?, ?>) {
          ((Map<String, Object>) function).put("arguments", value);
        }
      } catch (JacksonException e) {
        // A model may have written broken arguments; its template then sees the text.
        return;
      }
    }
  }
}
