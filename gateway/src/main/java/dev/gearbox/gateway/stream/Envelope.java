package dev.gearbox.gateway.stream;

import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.gateway.api.InferenceRequest;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/** The fields that every chunk and every whole answer to one request begin with. */
final class Envelope {
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final int USUAL_BYTES = 512;

  private final InferenceRequest request;
  private final long created;
  private String fingerprint = "";

  /**
   * Of one request.
   *
   * @param created seconds since 1970
   */
  Envelope(InferenceRequest request, long created) {
    this.request = request;
    this.created = created;
  }

  void fingerprint(String text) {
    fingerprint = text;
  }

  /** Bytes of {@code prefix}, one JSON object and {@code suffix}. */
  byte[] json(String object, byte[] prefix, byte[] suffix, Consumer<JsonGenerator> rest) {
    var out = new ByteArrayOutputStream(USUAL_BYTES);
    out.writeBytes(prefix);
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("id", request.answerId());
      json.writeStringProperty("object", object);
      json.writeNumberProperty("created", created);
      json.writeStringProperty("model", request.model());
      json.writeStringProperty("system_fingerprint", fingerprint);
      json.writeStringProperty("service_tier", request.terms().tier());
      rest.accept(json);
      json.writeEndObject();
    }
    out.writeBytes(suffix);
    return out.toByteArray();
  }

  static String word(FinishReason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }
}
