package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class SimulationConfigTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private int run(String... arguments) {
    return Gearbox.commandLine(new Screen(out, new ByteArrayOutputStream(), false))
        .execute(arguments);
  }

  @Test
  void runsTheBuiltInOne() {
    assertThat(run("simulate", "--seconds", "20", "--json")).isZero();
    JsonNode json = Json.parse(out.toString(StandardCharsets.UTF_8));
    assertThat(json.path("engines").asInt()).isEqualTo(3);
    assertThat(json.path("requests").asLong())
        .isPositive()
        .isEqualTo(json.path("outcomes").values().stream().mapToLong(JsonNode::asLong).sum());
  }

  @Test
  void severalGatewaysOnMoreDevicesAnswerTheSameForTheSameSeed() {
    String[] scaled =
        ("simulate --devices 4 --gateways 3 --signal-age 500ms --rps 8 --seconds 20 --seed 5"
                + " --json")
            .split(" ");
    assertThat(run(scaled)).isZero();
    ObjectNode first = (ObjectNode) Json.parse(out.toString(StandardCharsets.UTF_8));
    out.reset();
    assertThat(run(scaled)).isZero();
    ObjectNode again = (ObjectNode) Json.parse(out.toString(StandardCharsets.UTF_8));
    assertThat(first.remove("wall_seconds")).isNotNull();
    assertThat(again.remove("wall_seconds")).isNotNull();
    assertThat(again).isEqualTo(first);
    assertThat(first.path("engines").asInt()).isEqualTo(12);
    assertThat(first.path("gateways").asInt()).isEqualTo(3);
    assertThat(first.path("signal_age_ms").asInt()).isEqualTo(500);
    assertThat(first.path("seed").asInt()).isEqualTo(5);
    assertThat(first.path("requests").asInt()).isBetween(80, 320);
  }

  @Test
  void namesTheOptionThatIsOutOfRange() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Gearbox.commandLine(new Screen(out, err, false)).execute("simulate", "--gateways", "0");
    assertThat(code).isNotZero();
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("--gateways").contains("1000");
  }

  @Test
  void comparesThePolicyWithEveryControl() {
    assertThat(run("bench", "slo", "--simulate", "--seeds", "2", "--seconds", "5", "--json"))
        .isZero();
    JsonNode json = Json.parse(out.toString(StandardCharsets.UTF_8));
    assertThat(json.path("mean").propertyNames())
        .containsExactlyInAnyOrder(
            "gearbox",
            "reference-only",
            "smallest-only",
            "smallest-or-none",
            "round-robin",
            "least-latency",
            "queue-threshold",
            "best-that-meets",
            "weighted-sum",
            "fluid",
            "hindsight-static",
            "clairvoyant-search");
    JsonNode load = json.path("loads").get(0);
    double bound = load.path("bound").asDouble();
    load.path("policies")
        .forEach(arm -> assertThat(arm.path("qwg").asDouble()).isBetween(0.0, bound + 1e-3));
  }

  @Test
  void namesTheLineOfAWrongProfile() throws IOException {
    Path file = folder.resolve("wrong.yaml");
    Files.writeString(
        file,
        """
        simulation:
          model: auto
          engines:
            - {pool: gpu, variant: big, quality: 1.0, parameter-bytes: 1000, step-ms: -1, source: none}
          classes: []
        """);
    assertThatThrownBy(() -> SimulationConfig.load(file))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("step-ms")
        .hasMessageContaining("wrong.yaml:4");
  }
}
