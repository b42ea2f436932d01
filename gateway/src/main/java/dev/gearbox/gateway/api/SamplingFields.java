package dev.gearbox.gateway.api;

import dev.gearbox.engine.SamplingSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** The numbers that both endpoints share, each with its bounds. */
final class SamplingFields {
  static final int MAX_TOKENS = 1 << 20;
  static final int MAX_TOKEN_ID = 1 << 24;
  private static final int MAX_TOP_K = 1 << 20;
  private static final int MAX_BIASES = 1024;
  private static final int MAX_STOP_STRINGS = 16;
  private static final int MAX_STOP_LENGTH = 1024;

  private SamplingFields() {}

  /**
   * A request that says nothing of sampling gets llama-server's defaults, with which small and
   * quantized variants stay coherent; one that says anything gets OpenAI's for the rest.
   */
  static SamplingSpec sampling(Fields body, int topLogprobs) {
    boolean silent =
        Stream.of("temperature", "top_k", "top_p", "min_p")
            .allMatch(name -> body.get(name) == null);
    return new SamplingSpec(
        body.number("temperature", 0, 2, false, silent ? 0.8f : 1),
        Math.max(0, body.integer("top_k", -1, MAX_TOP_K, silent ? 40 : 0)),
        body.number("top_p", 0, 1, true, silent ? 0.95f : 1),
        body.number("min_p", 0, 1, false, silent ? 0.05f : 0),
        body.number("presence_penalty", -2, 2, false, 0),
        body.number("frequency_penalty", -2, 2, false, 0),
        body.number("repetition_penalty", 0, 2, true, 1),
        logitBias(body),
        body.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
        topLogprobs);
  }

  /** {@code max_completion_tokens} goes before its old name. */
  static @Nullable Integer maxTokens(Fields body) {
    Long completion = body.integer("max_completion_tokens", 1, MAX_TOKENS);
    Long max = body.integer("max_tokens", 1, MAX_TOKENS);
    Long chosen = completion != null ? completion : max;
    return chosen == null ? null : Math.toIntExact(chosen);
  }

  static List<String> stop(Fields body) {
    JsonNode value = body.get("stop");
    if (value == null) {
      return List.of();
    }
    if (value.isString()) {
      return List.of(stopString(value));
    }
    ArrayNode array = body.array("stop", MAX_STOP_STRINGS);
    List<String> stops = new ArrayList<>();
    if (array != null) {
      array.forEach(item -> stops.add(stopString(item)));
    }
    return stops;
  }

  private static String stopString(JsonNode value) {
    String text = Fields.text(value, "stop", MAX_STOP_LENGTH);
    if (text.isEmpty()) {
      throw new InvalidFieldException("stop", "stop takes strings that are not empty");
    }
    return text;
  }

  private static Map<Integer, Float> logitBias(Fields body) {
    Fields biases = body.object("logit_bias");
    if (biases == null) {
      return Map.of();
    }
    if (biases.node().size() > MAX_BIASES) {
      throw new InvalidFieldException(
          "logit_bias",
          "logit_bias takes up to " + MAX_BIASES + " tokens, got " + biases.node().size());
    }
    Map<Integer, Float> bias = new HashMap<>();
    biases
        .node()
        .forEachEntry((name, value) ->
            bias.put(tokenId(name), (float) Fields.decimal(value, "logit_bias", -100, 100, false)));
    return bias;
  }

  private static int tokenId(String name) {
    if (!name.matches("\\d{1,8}") || Integer.parseInt(name) > MAX_TOKEN_ID) {
      throw new InvalidFieldException(
          "logit_bias",
          "logit_bias takes token ids from 0 to %d as names, got \"%s\""
              .formatted(MAX_TOKEN_ID, Fields.shown(name)));
    }
    return Integer.parseInt(name);
  }
}
