package dev.gearbox.gateway.stream;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.Alternative;
import dev.gearbox.engine.TokenEvent.Logprob;
import dev.gearbox.gateway.api.InferenceRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/** {@code logprobs} of a choice, in the shape of either endpoint; null without any. */
final class LogprobsJson {
  private LogprobsJson() {}

  /** Writes the property; {@code offset} is where the first token's text begins in the answer. */
  static void write(
      JsonGenerator json, InferenceRequest request, List<TokenEvent.Token> tokens, int offset) {
    if (tokens.isEmpty() || tokens.getFirst().logprob() == null) {
      json.writeNullProperty("logprobs");
      return;
    }
    json.writeObjectPropertyStart("logprobs");
    boolean asIds = request.tokensAsIds();
    switch (request.kind()) {
      case CHAT -> chat(json, tokens, asIds);
      case COMPLETION -> completion(json, tokens, offset, asIds);
    }
    json.writeEndObject();
  }

  private static void chat(JsonGenerator json, List<TokenEvent.Token> tokens, boolean asIds) {
    json.writeArrayPropertyStart("content");
    for (TokenEvent.Token token : tokens) {
      Logprob logprob = token.logprob();
      if (logprob == null) {
        continue;
      }
      json.writeStartObject();
      token(json, text(token, asIds), logprob.value());
      json.writeArrayPropertyStart("top_logprobs");
      for (Alternative alternative : logprob.top()) {
        json.writeStartObject();
        token(json, text(alternative, asIds), alternative.value());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNullProperty("refusal");
  }

  private static void token(JsonGenerator json, String text, double logprob) {
    json.writeStringProperty("token", text);
    json.writeNumberProperty("logprob", finite(logprob));
    json.writeArrayPropertyStart("bytes");
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      json.writeNumber(each & 0xff);
    }
    json.writeEndArray();
  }

  private static void completion(
      JsonGenerator json, List<TokenEvent.Token> tokens, int offset, boolean asIds) {
    json.writeArrayPropertyStart("tokens");
    tokens.forEach(token -> json.writeString(text(token, asIds)));
    json.writeEndArray();
    json.writeArrayPropertyStart("token_logprobs");
    for (TokenEvent.Token token : tokens) {
      Logprob logprob = token.logprob();
      json.writeNumber(logprob == null ? 0 : finite(logprob.value()));
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("top_logprobs");
    for (TokenEvent.Token token : tokens) {
      json.writeStartObject();
      Logprob logprob = token.logprob();
      for (Alternative alternative : logprob == null ? List.<Alternative>of() : logprob.top()) {
        json.writeNumberProperty(text(alternative, asIds), finite(alternative.value()));
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayPropertyStart("text_offset");
    int at = offset;
    for (TokenEvent.Token token : tokens) {
      json.writeNumber(at);
      at += token.text().length();
    }
    json.writeEndArray();
  }

  /** The sampled token's own text, which its event may hold back for a stop string. */
  private static String text(TokenEvent.Token token, boolean asId) {
    if (asId) {
      return "token_id:" + token.id();
    }
    Logprob logprob = token.logprob();
    if (logprob != null) {
      for (Alternative alternative : logprob.top()) {
        if (alternative.id() == token.id()) {
          return alternative.text();
        }
      }
    }
    return token.text();
  }

  private static String text(Alternative alternative, boolean asId) {
    return asId ? "token_id:" + alternative.id() : alternative.text();
  }

  /** JSON has no infinity; OpenAI writes -9999 for a token that could not have been sampled. */
  private static double finite(double logprob) {
    return Double.isFinite(logprob) ? logprob : -9999;
  }
}
