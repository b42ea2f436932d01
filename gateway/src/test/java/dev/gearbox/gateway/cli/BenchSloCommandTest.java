package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BenchSloCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void runsArmsOnARealEngineAndHoldsTheSimulatorAgainstThem() {
    assertThat(
            run(
                "--models",
                "smollm2",
                "--arms",
                "gearbox,smallest-only",
                "--loads",
                "0.2",
                "--seconds",
                "2",
                "--warm-up",
                "1",
                "--json"))
        .as(err())
        .isZero();
    JsonNode json = Json.parse(out.toString(StandardCharsets.UTF_8));
    JsonNode arms = json.path("loads").path(0).path("policies");
    assertThat(arms.propertyNames()).containsExactlyInAnyOrder("gearbox", "smallest-only");
    assertThat(json.path("loads").path(0).path("rps").asDouble()).isPositive();
    assertThat(arms.path("gearbox").path("qwg").asDouble()).isBetween(0.0, 1.1);
    assertThat(arms.path("smallest-only").path("difference").size()).isEqualTo(2);
    assertThat(json.path("twin").path("cells").size()).isEqualTo(2);
    assertThat(json.path("twin").path("worst").asDouble()).isBetween(0.0, 1.0);
  }

  @Test
  void saysWhatIsWrongWithItsOptions() {
    assertThat(run("--arms", "smallest-only")).isEqualTo(2);
    assertThat(err()).contains("gearbox");
    assertThat(run("--arms", "gearbox,fastest")).isEqualTo(1);
    assertThat(err()).contains("no arm 'fastest'", "smallest-only");
    assertThat(run("--loads", "0")).isEqualTo(2);
    assertThat(run("--seeds", "1")).isEqualTo(2);
  }

  private int run(String... options) {
    List<String> all = new ArrayList<>(List.of("bench", "slo"));
    all.addAll(List.of(options));
    return Gearbox.commandLine(new Screen(out, err, false)).execute(all.toArray(String[]::new));
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
