package dev.gearbox.remote.wire;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.remote.dialect.Dialect;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * The bodies that a server understands. Where the tokenizer of the variant is here and the server
 * takes ids, it gets the very tokens that were counted, and no template of its own comes between;
 * else it gets what the client wrote.
 */
public final class RequestWriter {
  private final Dialect dialect;
  private final String model;
  private final boolean asTokens;
  private final int maxContext;

  /**
   * A writer for one model.
   *
   * @param model name that the server has for it
   * @param asTokens whether prompts are sent as token ids
   * @param maxContext tokens of prompt and answer together
   */
  public RequestWriter(Dialect dialect, String model, boolean asTokens, int maxContext) {
    this.dialect = dialect;
    this.model = model;
    this.asTokens = asTokens;
    this.maxContext = maxContext;
  }

  /** The endpoint for this request. */
  public String path(GenerationRequest request) {
    return chat(request) == null ? "/v1/completions" : "/v1/chat/completions";
  }

  private Prompt.@Nullable Chat chat(GenerationRequest request) {
    return !asTokens && asked(request) instanceof Prompt.Chat chat ? chat : null;
  }

  private static @Nullable Prompt asked(GenerationRequest request) {
    return request.source() instanceof Prompt.Begun begun ? begun.prompt() : request.source();
  }

  /** What the answer says so far; null where it was not begun. */
  private static @Nullable String answer(GenerationRequest request) {
    return request.source() instanceof Prompt.Begun begun ? begun.answer() : null;
  }

  /** The body, in JSON. */
  public byte[] body(GenerationRequest request) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256 + 8 * request.prompt().size());
    Prompt.Chat chat = chat(request);
    try (JsonGenerator json = JsonMapper.shared().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("model", model);
      prompt(json, request, chat);
      limit(json, request, chat != null);
      json.writeBooleanProperty("stream", true);
      json.writeObjectPropertyStart("stream_options");
      json.writeBooleanProperty("include_usage", true);
      json.writeEndObject();
      sampling(json, request.sampling());
      logprobs(json, request.sampling().topLogprobs(), chat != null);
      if (!request.stop().isEmpty()) {
        json.writeArrayPropertyStart("stop");
        request.stop().forEach(json::writeString);
        json.writeEndArray();
      }
      extras(json, request);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  /**
   * A guessed length must not make a server refuse what fits: where the limit is only what the
   * context seems to leave, the server finds its own.
   */
  private void limit(JsonGenerator json, GenerationRequest request, boolean chat) {
    if (asTokens || request.prompt().size() + request.maxTokens() < maxContext) {
      boolean renamed = chat && dialect == Dialect.OPENAI;
      json.writeNumberProperty(
          renamed ? "max_completion_tokens" : "max_tokens", request.maxTokens());
    }
  }

  private void prompt(JsonGenerator json, GenerationRequest request, Prompt.@Nullable Chat chat) {
    String answer = answer(request);
    if (chat != null) {
      messages(json, chat, answer);
    } else if (!asTokens && asked(request) instanceof Prompt.Text(String text)) {
      json.writeStringProperty("prompt", answer == null ? text : text + answer);
    } else {
      json.writeName("prompt");
      json.writeArray(request.prompt().toArray(), 0, request.prompt().size());
    }
  }

  private void messages(JsonGenerator json, Prompt.Chat chat, @Nullable String answer) {
    json.writeArrayPropertyStart("messages");
    for (Prompt.Message message : chat.messages()) {
      json.writeStartObject();
      json.writeStringProperty("role", message.role());
      json.writeStringProperty("content", message.content());
      if (message.toolCallsJson() != null) {
        json.writeName("tool_calls");
        json.writeRawValue(message.toolCallsJson());
      }
      if (message.toolCallId() != null) {
        json.writeStringProperty("tool_call_id", message.toolCallId());
      }
      if (message.name() != null) {
        json.writeStringProperty("name", message.name());
      }
      json.writeEndObject();
    }
    if (answer != null) {
      json.writeStartObject();
      json.writeStringProperty("role", "assistant");
      json.writeStringProperty("content", answer);
      json.writeEndObject();
    }
    json.writeEndArray();
    if (answer != null && dialect != Dialect.LLAMA_SERVER) {
      json.writeBooleanProperty("add_generation_prompt", false);
      json.writeBooleanProperty("continue_final_message", true);
    }
    if (chat.toolsJson() != null) {
      json.writeName("tools");
      json.writeRawValue(chat.toolsJson());
    }
  }

  private void sampling(JsonGenerator json, SamplingSpec sampling) {
    json.writeNumberProperty("temperature", sampling.temperature());
    json.writeNumberProperty("top_p", sampling.topP());
    if (sampling.presencePenalty() != 0) {
      json.writeNumberProperty("presence_penalty", sampling.presencePenalty());
    }
    if (sampling.frequencyPenalty() != 0) {
      json.writeNumberProperty("frequency_penalty", sampling.frequencyPenalty());
    }
    Long seed = sampling.seed();
    if (seed != null) {
      json.writeNumberProperty("seed", seed);
    }
    if (!sampling.logitBias().isEmpty()) {
      json.writeObjectPropertyStart("logit_bias");
      for (Map.Entry<Integer, Float> bias : sampling.logitBias().entrySet()) {
        json.writeNumberProperty(Integer.toString(bias.getKey()), bias.getValue());
      }
      json.writeEndObject();
    }
    if (dialect.extended()) {
      if (sampling.topK() > 0) {
        json.writeNumberProperty("top_k", sampling.topK());
      }
      if (sampling.minP() > 0) {
        json.writeNumberProperty("min_p", sampling.minP());
      }
      if (sampling.repetitionPenalty() != 1) {
        String name = dialect == Dialect.LLAMA_SERVER ? "repeat_penalty" : "repetition_penalty";
        json.writeNumberProperty(name, sampling.repetitionPenalty());
      }
    }
  }

  private void logprobs(JsonGenerator json, int top, boolean chat) {
    if (top < 0) {
      return;
    }
    if (chat) {
      json.writeBooleanProperty("logprobs", true);
      json.writeNumberProperty("top_logprobs", top);
    } else {
      json.writeNumberProperty("logprobs", top);
    }
    if (dialect.returnsTokens() && asTokens) {
      json.writeBooleanProperty("return_tokens_as_token_ids", true);
    }
  }

  private void extras(JsonGenerator json, GenerationRequest request) {
    if (dialect.returnsTokens()) {
      json.writeBooleanProperty("return_token_ids", true);
      if (!request.cacheSalt().isEmpty()) {
        json.writeStringProperty("cache_salt", request.cacheSalt());
      }
    }
    if (dialect.extended() && request.ignoreEos()) {
      json.writeBooleanProperty("ignore_eos", true);
    }
  }
}
