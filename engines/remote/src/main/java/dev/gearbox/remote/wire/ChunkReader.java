package dev.gearbox.remote.wire;

import dev.gearbox.engine.TokenEvent.Alternative;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenEvent.Logprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Chunks of {@code /v1/completions} and {@code /v1/chat/completions} out of events. */
public final class ChunkReader {
  /** The id of a sampled token of a server that tells no ids. */
  public static final int UNKNOWN_TOKEN = -1;

  private static final int OTHER_TOKEN = -2;
  private static final int MAX_TOKENS = 4096;
  private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);
  private static final String AS_ID = "token_id:";

  private final IntFunction<String> texts;

  /** A reader that asks {@code texts} for the text of a token that is only told by its id. */
  public ChunkReader(IntFunction<String> texts) {
    this.texts = texts;
  }

  /**
   * What an event says.
   *
   * @throws WireException when it is not what an answer may consist of
   */
  public Chunk read(EventReader.Event event) throws WireException {
    if (event.is(DONE)) {
      return Chunk.DONE;
    }
    JsonNode json;
    try {
      json = JsonMapper.shared().readTree(event.bytes(), 0, event.length());
    } catch (JacksonException e) {
      throw WireException.broken("the server sent an event that is not JSON");
    }
    JsonNode failed = json.path("error");
    if (event.error() || (!failed.isMissingNode() && !failed.isNull())) {
      throw ServerError.inStream(json);
    }
    if (json.path("object").asString("").equals("error")) {
      throw ServerError.inStream(json);
    }
    if (!json.isObject() || !json.path("choices").isArray()) {
      throw WireException.broken("the server sent an event without choices");
    }
    JsonNode choice = json.path("choices").path(0);
    JsonNode logprobs = choice.path("logprobs");
    return new Chunk(
        text(choice),
        tokens(choice.path("token_ids")),
        logprobs.path("content").isArray() ? chat(logprobs) : completion(logprobs),
        finish(choice.path("finish_reason")),
        usage(json.path("usage")),
        false);
  }

  private static String text(JsonNode choice) {
    JsonNode text = choice.has("text") ? choice.path("text") : choice.path("delta").path("content");
    return text.isString() ? text.asString() : "";
  }

  private static List<Integer> tokens(JsonNode ids) throws WireException {
    List<Integer> tokens = new ArrayList<>();
    for (JsonNode id : ids) {
      if (!id.canConvertToInt() || tokens.size() == MAX_TOKENS) {
        throw WireException.broken("the server sent token_ids that are none");
      }
      tokens.add(id.asInt());
    }
    return tokens;
  }

  private static @Nullable FinishReason finish(JsonNode reason) throws WireException {
    if (!reason.isString()) {
      return null;
    }
    return switch (reason.asString()) {
      case "length" -> FinishReason.LENGTH;
      case "abort", "error", "cancelled" ->
          throw WireException.broken("the server gave up on the answer");
      default -> FinishReason.STOP;
    };
  }

  private static Chunk.@Nullable Counted usage(JsonNode usage) {
    if (!usage.isObject()) {
      return null;
    }
    int prompt = count(usage.path("prompt_tokens"));
    int cached = count(usage.path("prompt_tokens_details").path("cached_tokens"));
    int generated = count(usage.path("completion_tokens"));
    return new Chunk.Counted(prompt, Math.min(cached, prompt), generated);
  }

  private static int count(JsonNode number) {
    return number.canConvertToInt() ? Math.max(0, number.asInt()) : 0;
  }

  private List<Logprob> completion(JsonNode logprobs) {
    List<Logprob> all = new ArrayList<>();
    JsonNode values = logprobs.path("token_logprobs");
    for (int i = 0; i < values.size() && i < MAX_TOKENS; i++) {
      String sampled = logprobs.path("tokens").path(i).asString("");
      List<Alternative> top = new ArrayList<>();
      JsonNode alternatives = logprobs.path("top_logprobs").path(i);
      for (String name : alternatives.propertyNames()) {
        top.add(alternative(name, sampled, alternatives.path(name)));
      }
      all.add(logprob(values.path(i), top));
    }
    return all;
  }

  private List<Logprob> chat(JsonNode logprobs) {
    List<Logprob> all = new ArrayList<>();
    for (JsonNode token : logprobs.path("content")) {
      String sampled = token.path("token").asString("");
      List<Alternative> top = new ArrayList<>();
      for (JsonNode each : token.path("top_logprobs")) {
        top.add(alternative(each.path("token").asString(""), sampled, each.path("logprob")));
      }
      all.add(logprob(token.path("logprob"), top));
    }
    return all;
  }

  private static Logprob logprob(JsonNode value, List<Alternative> top) {
    top.sort(Comparator.comparingDouble(Alternative::value).reversed());
    return new Logprob(finite(value), top);
  }

  private Alternative alternative(String name, String sampled, JsonNode value) {
    int id = id(name);
    if (id >= 0) {
      return new Alternative(id, texts.apply(id), finite(value));
    }
    int told = name.equals(sampled) ? UNKNOWN_TOKEN : OTHER_TOKEN;
    return new Alternative(told, name, finite(value));
  }

  /** vLLM writes tokens as {@code token_id:17} when asked to; −1 for a text. */
  private static int id(String name) {
    if (!name.startsWith(AS_ID) || name.length() > AS_ID.length() + 9) {
      return -1;
    }
    try {
      return Integer.parseInt(name, AS_ID.length(), name.length(), 10);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static double finite(JsonNode value) {
    return value.isNumber() ? value.asDouble() : Double.NEGATIVE_INFINITY;
  }

  /** What servers say instead of an answer. */
  static final class ServerError {
    private static final int MAX_SHOWN = 300;

    private ServerError() {}

    /** The server's own clock may end an answer a little before ours does. */
    private static WireException inStream(JsonNode json) {
      return code(json).equals("deadline_exceeded")
          ? late()
          : WireException.broken(
              "the server ended the answer with an error" + shown(message(json)));
    }

    /** An answer with another status than 200; {@code body} may be cut. */
    static WireException answered(int status, byte[] body) {
      JsonNode json;
      try {
        json = JsonMapper.shared().readTree(body);
      } catch (JacksonException e) {
        json = JsonMapper.shared().nullNode();
      }
      String message = message(json);
      String code = code(json);
      String lower = message.toLowerCase(java.util.Locale.ROOT);
      boolean tooLong =
          code.equals("context_length_exceeded")
              || lower.contains("context length")
              || lower.contains("context size");
      return switch (status) {
        case 400, 413, 422 ->
            new WireException(
                tooLong ? FailureCode.CONTEXT_LENGTH_EXCEEDED : FailureCode.ENGINE_FAILED,
                false,
                "the server refused the request" + shown(message));
        case 401, 403 -> WireException.broken("the server does not let this gateway in");
        case 404 -> WireException.broken("the server has no such model or endpoint");
        case 408, 504 -> late();
        case 429, 503 -> new WireException(FailureCode.OVERLOADED, false, "the server is full");
        default ->
            WireException.broken(
                status >= 300 && status < 400
                    ? "the server redirects, which is not followed"
                    : "the server answered with status " + status);
      };
    }

    private static WireException late() {
      return new WireException(
          FailureCode.DEADLINE_EXCEEDED, false, "the server did not answer in time");
    }

    private static String code(JsonNode json) {
      return json.path("error").path("code").asString("");
    }

    private static String message(JsonNode json) {
      JsonNode error = json.path("error");
      if (error.isString()) {
        return error.asString();
      }
      String message = error.path("message").asString("");
      return message.isEmpty() ? json.path("message").asString("") : message;
    }

    private static String shown(String message) {
      String plain = message.replaceAll("\\p{Cntrl}+", " ").strip();
      if (plain.isEmpty()) {
        return "";
      }
      return ": " + (plain.length() <= MAX_SHOWN ? plain : plain.substring(0, MAX_SHOWN) + "…");
    }
  }
}
