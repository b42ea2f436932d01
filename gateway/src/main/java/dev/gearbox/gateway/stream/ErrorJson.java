package dev.gearbox.gateway.stream;

import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.policy.decide.Decision;
import java.io.ByteArrayOutputStream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** The error object of the API: all four keys always, offers where there are any. */
public final class ErrorJson {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private ErrorJson() {}

  /** One line of JSON. */
  public static byte[] bytes(Refusal refusal) {
    var out = new ByteArrayOutputStream();
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeObjectPropertyStart("error");
      json.writeStringProperty("message", refusal.message());
      json.writeStringProperty("type", refusal.type());
      json.writeStringProperty("param", refusal.param());
      json.writeStringProperty("code", refusal.code());
      if (refusal.decisionId() != null) {
        json.writeStringProperty("decision_id", refusal.decisionId());
      }
      if (!refusal.offers().isEmpty()) {
        json.writeArrayPropertyStart("offers");
        refusal.offers().forEach(offer -> offer(json, offer));
        json.writeEndArray();
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void offer(JsonGenerator json, Decision.Offer offer) {
    json.writeStartObject();
    json.writeStringProperty("variant", offer.variant());
    number(json, "ttft_ms", offer.ttft() * 1000);
    number(json, "tpot_ms", offer.tpot() * 1000);
    Double quality = offer.quality();
    number(json, "quality", quality == null ? Double.NaN : quality);
    number(json, "probability", offer.meets());
    json.writeEndObject();
  }

  private static void number(JsonGenerator json, String name, double value) {
    if (Double.isFinite(value)) {
      json.writeNumberProperty(name, Math.round(value * 1000) / 1000.0);
    } else {
      json.writeNullProperty(name);
    }
  }
}
