package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The other command that serves, and what the ports refuse to whom. */
@Tag("weights")
class DoorsTest {
  @Test
  void anEngineAloneAnswersAsAnOpenAiServer() throws Exception {
    try (GearboxProcess engine = GearboxProcess.engine("--weights", "smollm2")) {
      engine.awaitVariants(Shared.SMALL);

      var answer =
          engine.post(
              "/v1/chat/completions",
              """
              {"model":"smollm2-135m-q4_1","max_tokens":4,
               "messages":[{"role":"user","content":"Hello"}]}\
              """);

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-gearbox-variant")).contains(Shared.SMALL);
      engine.awaitMetric("vllm:generation_tokens_total", 1);
    }
  }

  @Test
  void adminRoutesAreRefusedOffLoopbackAndMetricsAreNot() throws Exception {
    try (GearboxProcess gearbox =
        GearboxProcess.serve("--models", "smollm2", "--offline", "--host", "0.0.0.0")) {
      String here = outside().getHostAddress();
      gearbox.awaitVariants(Shared.SMALL);

      assertThat(status("POST", here, gearbox.adminPort, "/admin/drain")).isEqualTo(403);
      assertThat(status("GET", here, gearbox.adminPort, "/admin/policy")).isEqualTo(403);
      assertThat(status("GET", here, gearbox.adminPort, "/metrics")).isEqualTo(200);
      assertThat(status("GET", here, gearbox.port, "/v1/models")).as("no tenants").isEqualTo(403);
      assertThat(status("GET", here, gearbox.port, "/health/ready")).isEqualTo(200);
      assertThat(status("POST", "127.0.0.1", gearbox.adminPort, "/admin/drain")).isEqualTo(202);
      while (gearbox.get("/health/ready").statusCode() == 200) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  private static int status(String method, String host, int port, String path) throws Exception {
    URI uri = URI.create("http://" + host + ":" + port + path);
    return GearboxProcess.HTTP
        .send(
            HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  /** This machine as others see it. */
  private static InetAddress outside() throws Exception {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
        .findFirst()
        .orElseThrow(() -> new AssertionError("needs a network address besides loopback"));
  }
}
