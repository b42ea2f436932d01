package dev.gearbox.remote.wire;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What {@code /v1/models} says of one model.
 *
 * @param names of all models that the server has
 * @param listed whether the one asked for is among them
 * @param maxContext tokens of its context; 0 where that is not told
 */
public record ModelList(List<String> names, boolean listed, int maxContext) {
  private static final int MAX_NAMES = 1000;

  public ModelList {
    names = List.copyOf(names);
  }

  /**
   * Reads the list.
   *
   * @param model asked for
   * @throws WireException when it is none
   */
  public static ModelList parse(byte[] json, String model) throws WireException {
    JsonNode list;
    try {
      list = JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw WireException.broken("the server's list of models is not JSON");
    }
    List<String> names = new ArrayList<>();
    boolean listed = false;
    int context = 0;
    for (JsonNode entry : list.path("data")) {
      String id = entry.path("id").asString("");
      if (names.size() < MAX_NAMES) {
        names.add(id);
      }
      if (id.equals(model)) {
        listed = true;
        context = context(entry);
      }
    }
    return new ModelList(names, listed, context);
  }

  private static int context(JsonNode entry) {
    JsonNode[] told = {
      entry.path("max_model_len"),
      entry.path("context_length"),
      entry.path("meta").path("n_ctx"),
      entry.path("meta").path("n_ctx_train")
    };
    for (JsonNode each : told) {
      if (each.canConvertToInt() && each.asInt() > 0) {
        return each.asInt();
      }
    }
    return 0;
  }
}
