package dev.gearbox.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigSchemaTest {
  @Test
  void theShippedSchemaIsWhatTheRecordsSay() {
    assertThat(ConfigSchema.text()).isEqualTo(ConfigSchema.generated());
  }

  @Test
  void theSchemaNamesKeysBoundsAndDefaultsAsTheyAreWritten() {
    JsonNode schema = JsonMapper.shared().readTree(ConfigSchema.text());
    JsonNode pool = schema.at("/properties/gearbox/properties/pools/items");

    assertThat(schema.get("$schema").asString()).contains("2020-12");
    assertThat(pool.at("/properties/device/enum/0").asString()).isEqualTo("cpu-simd");
    assertThat(pool.at("/properties/max-sequences/maximum").asInt()).isEqualTo(1024);
    assertThat(pool.at("/required/0").asString()).isEqualTo("name");
    assertThat(pool.get("additionalProperties").asBoolean()).isFalse();
  }
}
