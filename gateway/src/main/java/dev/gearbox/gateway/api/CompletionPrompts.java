package dev.gearbox.gateway.api;

import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenIds;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** The {@code prompt} of a completion: a string, strings, token ids, or lists of token ids. */
final class CompletionPrompts {
  private static final int MAX_PROMPT_TOKENS = 1 << 20;

  private CompletionPrompts() {}

  static List<Prompt> parse(Fields body) {
    JsonNode prompt = body.get("prompt");
    if (prompt == null) {
      throw new InvalidFieldException("prompt", "prompt is required");
    }
    if (prompt.isString()) {
      return List.of(new Prompt.Text(Fields.text(prompt, "prompt", JsonBody.MAX_BYTES)));
    }
    if (!(prompt instanceof ArrayNode array)) {
      throw Fields.wrong("prompt", "a string, an array of strings or of token ids", prompt);
    }
    if (array.isEmpty()) {
      throw new InvalidFieldException("prompt", "prompt must have at least one item");
    }
    if (array.get(0).isNumber()) {
      return List.of(tokens(array, "prompt"));
    }
    if (array.size() > InferenceRequest.MAX_SEQUENCES) {
      throw new InvalidFieldException(
          "prompt",
          "prompt takes up to " + InferenceRequest.MAX_SEQUENCES + " items, got " + array.size());
    }
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      String path = "prompt[" + i + "]";
      JsonNode item = array.get(i);
      prompts.add(
          item instanceof ArrayNode ids
              ? tokens(ids, path)
              : new Prompt.Text(Fields.text(item, path, JsonBody.MAX_BYTES)));
    }
    return prompts;
  }

  private static Prompt tokens(ArrayNode array, String path) {
    if (array.isEmpty() || array.size() > MAX_PROMPT_TOKENS) {
      throw new InvalidFieldException(
          path, path + " takes 1 to " + MAX_PROMPT_TOKENS + " token ids, got " + array.size());
    }
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) Fields.whole(array.get(i), path, 0, SamplingFields.MAX_TOKEN_ID);
    }
    return new Prompt.Tokens(TokenIds.of(ids));
  }
}
