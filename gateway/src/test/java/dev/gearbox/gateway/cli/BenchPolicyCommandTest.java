package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BenchPolicyCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void measuresDecisionsWithTheRulesAndCandidatesAskedFor() {
    assertThat(run("--rules", "50", "--candidates", "3", "--decisions", "200", "--json"))
        .as(err())
        .isZero();
    JsonNode json = Json.parse(out());
    assertThat(json.path("rules").asInt()).isEqualTo(50);
    assertThat(json.path("candidates").asInt()).isEqualTo(3);
    assertThat(json.path("decisions").asInt()).isEqualTo(200);
    assertThat(json.path("bytes_per_decision").asLong()).isPositive();
    assertThat(json.path("p50_us").asDouble()).isPositive();
    assertThat(json.path("p99_us").asDouble())
        .isBetween(json.path("p50_us").asDouble(), json.path("p999_us").asDouble());
    assertThat(json.path("cpu_p99_us").asDouble()).isPositive();
    assertThat(json.path("routed").asDouble()).isBetween(0.9, 1.0);
    assertThat(json.path("first_tenth").path("p99_us").asDouble()).isPositive();
    assertThat(json.path("last_tenth").path("p50_us").asDouble()).isPositive();
  }

  @Test
  void fewerRulesThanTheDefaultOnesAreRefused() {
    assertThat(run("--rules", "3")).isEqualTo(1);
    assertThat(err()).contains("default rules or more", "got 3").doesNotContain("\tat ");
    assertThat(run("--decisions", "1")).isEqualTo(2);
  }

  private int run(String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "bench";
    all[1] = "policy";
    System.arraycopy(options, 0, all, 2, options.length);
    return Gearbox.commandLine(new Screen(out, err, false)).execute(all);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
