package dev.gearbox.gateway.stream;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.telemetry.record.TokenCounts;
import tools.jackson.core.JsonGenerator;

/** How fast an answer was made, by the names of llama-server. */
final class Timings {
  private Timings() {}

  /** Nothing of an engine that does not say. */
  static void write(JsonGenerator json, TokenEvent.Finished end) {
    double prefill = end.timings().prefill() / 1e6;
    double decode = end.timings().decode() / 1e6;
    if (prefill + decode <= 0) {
      return;
    }
    TokenCounts tokens = end.tokens();
    json.writeObjectPropertyStart("timings");
    json.writeNumberProperty("cache_n", tokens.cached());
    speed(json, "prompt", tokens.prompt() - tokens.cached(), prefill);
    speed(json, "predicted", tokens.generated(), decode);
    json.writeEndObject();
  }

  private static void speed(JsonGenerator json, String what, int tokens, double millis) {
    json.writeNumberProperty(what + "_n", tokens);
    json.writeNumberProperty(what + "_ms", millis);
    if (tokens > 0 && millis > 0) {
      json.writeNumberProperty(what + "_per_token_ms", millis / tokens);
      json.writeNumberProperty(what + "_per_second", tokens * 1000 / millis);
    }
  }
}
