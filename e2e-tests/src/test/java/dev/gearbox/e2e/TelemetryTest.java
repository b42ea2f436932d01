package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What operators look at, with Prometheus' own tools. */
@Tag("weights")
class TelemetryTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  @Test
  void metricsAreWhatPromtoolTakesAndNameTheTracesOfClients() throws Exception {
    GearboxProcess gearbox = Shared.gearbox();
    var answer =
        gearbox.post(
            "/v1/chat/completions",
            """
            {"model":"smollm2-135m-q4_1","max_tokens":2,"messages":[{"role":"user","content":"Hi"}]}\
            """,
            "traceparent",
            "00-" + TRACE + "-b7ad6b7169203331-01");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    gearbox.post(
        "/v1/chat/completions",
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
            .formatted("x".repeat(200) + "\\u0001"));
    while (!openMetrics(gearbox).contains(TRACE)) {
      Thread.sleep(20); // counted when it has ended, on another thread
    }

    String text = gearbox.admin("/metrics").body();
    assertThat(openMetrics(gearbox)).endsWith("# EOF\n");
    assertThat(text)
        .contains("gearbox_attainment_total{class=\"batch\",target=\"all\",met=\"false\",}")
        .contains("gearbox_attainment_objective{class=\"interactive\",}")
        .contains("gearbox_energy_joules_total{variant=\"smollm2-135m-q4_1\"")
        .doesNotContain("xxx", TRACE);
    assertThat(run(text, "promtool", "check", "metrics").lines())
        .as("findings but those on names that are vLLM's or fixed")
        .allMatch(line ->
            line.startsWith("vllm:")
                || (line.startsWith("gearbox_prediction_") && line.contains("\"quantile\"")));
  }

  @Test
  void rulesAreWhatPromtoolTakesAndFireAsTheirTestsSay() throws Exception {
    String root = GearboxProcess.ROOT.toString();

    assertThat(run("", "promtool", "test", "rules", root + "/monitoring/rules.test.yaml"))
        .contains("SUCCESS");
    assertThat(run("", root + "/monitoring/dashboards", "--check")).isEmpty();
    Path exported =
        Files.writeString(
            Files.createTempFile("gearbox-rules", ".yaml"),
            gearbox("slo", "export", "--format", "prometheus-rule"));
    assertThat(run("", "promtool", "check", "rules", exported.toString())).contains("SUCCESS");
    Files.delete(exported);
  }

  @Test
  void theCommandLineShowsWhatRunsAndHowToAskIt() throws Exception {
    GearboxProcess gearbox = Shared.gearbox();
    String port = Integer.toString(gearbox.adminPort);

    assertThat(gearbox("top", "--admin-port", port))
        .contains("VARIANT", Shared.SMALL, "BUDGET LEFT", "interactive");
    assertThat(gearbox("logs", "cpu", "--admin-port", port)).contains("engine_loaded");
    assertThat(gearbox("logs", "none", "--admin-port", port)).contains("no pool 'none'");
    assertThat(gearbox("client", "python", "--port", Integer.toString(gearbox.port)))
        .contains("base_url=\"http://127.0.0.1:" + gearbox.port + "/v1\"");
  }

  private static String openMetrics(GearboxProcess gearbox) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gearbox.adminPort + "/metrics"))
            .header("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
            .build();
    return GearboxProcess.HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private static String gearbox(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(GearboxProcess.ROOT.resolve("gearbox").toString()));
    command.addAll(List.of(arguments));
    return run("", command.toArray(String[]::new));
  }

  /** All that a program says. */
  private static String run(String input, String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }
}
