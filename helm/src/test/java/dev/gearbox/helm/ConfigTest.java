package dev.gearbox.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.config.TenantConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigTest {
  static Stream<Path> values() {
    return Chart.values().stream();
  }

  @ParameterizedTest
  @MethodSource("values")
  void theGatewayTakesWhatTheChartRenders(Path values) {
    Configuration read = RenderedConfig.of(Chart.rendered(values)).load();
    assertThat(read.gearbox().server().host()).isEqualTo("0.0.0.0");
    assertThat(read.gearbox().tenants()).isNotEmpty();
    assertThat(read.gearbox().pools()).isNotEmpty();
  }

  @Test
  void everyPoolOfEnginesIsOneOfTheGateway() {
    List<JsonNode> objects = Chart.rendered(Path.of("gearbox/ci/production-values.yaml"));
    List<PoolConfig> pools = RenderedConfig.of(objects).load().gearbox().pools();
    assertThat(pools.stream().map(PoolConfig::name))
        .containsExactlyInAnyOrder("vllm", "cpu", "middle", "gpu");
    for (PoolConfig pool : pools) {
      if (!pool.name().equals("vllm")) {
        String service = "prod-gearbox-engine-" + pool.name();
        assertThat(pool.endpoints())
            .containsExactly("kube:llm/kubernetes.io/service-name=" + service);
        assertThat(Chart.one(objects, "Service", service).at("/spec/ports/0/name").asString())
            .isEqualTo("http");
      }
    }
    PoolConfig cpu = pools.stream().filter(p -> p.name().equals("cpu")).findFirst().orElseThrow();
    assertThat(cpu.maxSequences()).isEqualTo(16);
    assertThat(cpu.costPer1kTokens()).isEqualTo(0.001);
  }

  @Test
  void theMadeKeyJoinsTheTenantsThatAreWritten() {
    List<TenantConfig> tenants =
        RenderedConfig.of(Chart.rendered(Path.of("gearbox/ci/production-values.yaml")))
            .load()
            .gearbox()
            .tenants();
    assertThat(tenants.stream().map(TenantConfig::name)).containsExactly("acme", "ops");
    assertThat(tenants.getLast().serviceClass()).isEqualTo("interactive");
  }

  @Test
  void theDigestInASecretIsThatOfItsKey() throws NoSuchAlgorithmException {
    List<JsonNode> secrets = Chart.of(Chart.rendered("{}"), "Secret");
    assertThat(secrets).hasSize(2);
    for (JsonNode secret : secrets) {
      byte[] key = Base64.getDecoder().decode(secret.at("/data/key").asString());
      String digest =
          new String(
              Base64.getDecoder().decode(secret.at("/data/sha256").asString()),
              StandardCharsets.US_ASCII);
      assertThat(key).hasSize(44);
      assertThat(digest)
          .isEqualTo(
              "sha256:"
                  + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key)));
    }
  }

  /** The schema of values lists the sections that the configuration has, and no other. */
  @Test
  void theSchemaOfValuesKnowsEverySectionOfTheConfiguration() throws IOException {
    JsonNode values = JsonMapper.shared().readTree(Path.of("gearbox/values.schema.json").toFile());
    JsonNode config =
        JsonMapper.shared()
            .readTree(Configuration.class.getResource("config.schema.json").openStream());
    List<String> sections =
        new ArrayList<>(values.at("/properties/config/properties").propertyNames());
    assertThat(sections)
        .as("config in helm/gearbox/values.schema.json")
        .containsExactlyInAnyOrderElementsOf(
            config.at("/properties/gearbox/properties").propertyNames());
  }
}
