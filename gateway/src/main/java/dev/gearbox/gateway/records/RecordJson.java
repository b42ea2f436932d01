package dev.gearbox.gateway.records;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Decision records as JSON and back: durations in seconds, no infinities. What is written and read
 * again is equal, to the last bit of every number.
 */
public final class RecordJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Duration.class, new SecondsOut())
                  .addDeserializer(Duration.class, new SecondsIn())
                  .addDeserializer(Decision.class, new EitherDecision())
                  .addSerializer(Double.class, new FiniteNumber())
                  .addSerializer(double.class, new FiniteNumber()))
          .build();

  private RecordJson() {}

  /** A record, or whatever holds some. */
  public static byte[] write(Object value) {
    return MAPPER.writeValueAsBytes(value);
  }

  /**
   * A record as {@code GET /v1/decisions/ID} gives it.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static DecisionRecord read(JsonNode json) {
    if (!json.path("request").isObject() || !json.path("decision").isObject()) {
      throw new IllegalArgumentException("no decision record: it has no request and decision");
    }
    try {
      return MAPPER.treeToValue(json, DecisionRecord.class);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no decision record: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The same of a text.
   *
   * @throws IllegalArgumentException when it is none
   */
  static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static final class SecondsOut extends StdSerializer<Duration> {
    SecondsOut() {
      super(Duration.class);
    }

    @Override
    public void serialize(Duration value, JsonGenerator json, SerializationContext context) {
      json.writeNumber(value.toNanos() / 1e9);
    }
  }

  private static final class SecondsIn extends StdDeserializer<Duration> {
    SecondsIn() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser json, DeserializationContext context) {
      return Duration.ofNanos(Math.round(json.getDoubleValue() * 1e9));
    }
  }

  /** A route names an engine, a refusal does not. */
  private static final class EitherDecision extends StdDeserializer<Decision> {
    EitherDecision() {
      super(Decision.class);
    }

    @Override
    public Decision deserialize(JsonParser json, DeserializationContext context) {
      JsonNode tree = context.readTree(json);
      return tree.has("engine")
          ? context.readTreeAsValue(tree, Decision.Route.class)
          : context.readTreeAsValue(tree, Decision.Refuse.class);
    }
  }

  private static final class FiniteNumber extends StdSerializer<Double> {
    FiniteNumber() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator json, SerializationContext context) {
      if (Double.isFinite(value)) {
        json.writeNumber(value);
      } else {
        json.writeNull();
      }
    }
  }
}
