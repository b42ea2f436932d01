package dev.gearbox.gateway.http;

import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.decide.Replay;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/** Decision records as JSON: durations in seconds, no infinities. */
public final class DecisionsJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Duration.class, new Seconds())
                  .addSerializer(Double.class, new FiniteNumber())
                  .addSerializer(double.class, new FiniteNumber()))
          .build();

  private final GearboxPolicy policy;
  private final DecisionLog log;

  public DecisionsJson(GearboxPolicy policy, DecisionLog log) {
    this.policy = policy;
    this.log = log;
  }

  byte @Nullable [] find(String id) {
    DecisionRecord found = log.find(id);
    return found == null ? null : json(found);
  }

  byte @Nullable [] replay(String id) {
    Replay replay = policy.replay(id);
    return replay == null ? null : MAPPER.writeValueAsBytes(replay);
  }

  public byte[] json(DecisionRecord made) {
    return MAPPER.writeValueAsBytes(made);
  }

  private static final class Seconds extends StdSerializer<Duration> {
    Seconds() {
      super(Duration.class);
    }

    @Override
    public void serialize(Duration value, JsonGenerator json, SerializationContext context) {
      json.writeNumber(value.toNanos() / 1e9);
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
