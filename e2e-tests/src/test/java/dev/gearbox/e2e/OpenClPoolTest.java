package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A pool on an OpenCL device, beside one whose device this machine does not have. */
@Tag("weights")
class OpenClPoolTest {
  @TempDir static Path folder;
  private static GearboxProcess gearbox;

  @BeforeAll
  static void start() throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("gearbox.yaml"),
            """
            gearbox:
              models:
                - name: auto
                  reference: qwen2.5-coder-0.5b-q4_k_m
                  variants: [qwen2.5-coder-0.5b-q4_k_m, smollm2-135m-q4_1]
              pools:
                - {name: gpu, variants: [smollm2-135m-q4_1], device: gpu-opencl, kv-memory: 256MB}
                - name: absent
                  variants: [qwen2.5-coder-0.5b-q4_k_m]
                  device: gpu-opencl
                  opencl-device: no such device
                  kv-memory: 256MB
            """);
    gearbox = GearboxProcess.serve("--config", config.toString());
    gearbox.awaitVariants(Shared.SMALL);
  }

  @AfterAll
  static void stop() throws IOException {
    gearbox.close();
  }

  @Test
  void aRequestIsAnsweredOnTheDeviceAndThePolicyKnowsIt() throws Exception {
    String body =
        """
        {"model": "auto", "prompt": "The capital of France is", "max_tokens": 4, "temperature": 0}
        """;
    HttpResponse<String> answer = gearbox.post("/v1/completions", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-gearbox-pool")).hasValue("gpu");
    assertThat(parsed(answer.body()).at("/choices/0/text").asString()).contains("Paris");
    assertThat(parsed(answer.body()).get("system_fingerprint").asString()).contains("+opencl");
    String decision = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
    assertThat(gearbox.get("/v1/decisions/" + decision).body()).contains("\"gpu-opencl\"");
  }

  @Test
  void aPoolWithoutItsDeviceSaysSoInOneLine() throws Exception {
    JsonNode status = status();
    while (status.get("value").asString().equals("loading")) {
      TimeUnit.MILLISECONDS.sleep(100);
      status = status();
    }
    assertThat(status.get("reason").asString())
        .startsWith("no OpenCL device 'no such device'; there is: 0: ")
        .doesNotContain("\n");
  }

  private static JsonNode status() throws Exception {
    return parsed(gearbox.get("/v1/models/" + Shared.LARGE).body()).get("status");
  }

  private static JsonNode parsed(String json) {
    return JsonMapper.shared().readTree(json);
  }
}
