package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whoever takes what telemetry tells too slowly, or never, holds up nobody. */
class StalledTelemetryTest {
  private static final String CHAT =
      "{\"model\":\"both\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void scrapesThatStallHoldUpNeitherOthersNorRequests() throws Exception {
    List<Socket> stalled = new ArrayList<>();
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      for (int i = 0; i < 200; i++) {
        Socket socket = new Socket();
        stalled.add(socket);
        socket.setReceiveBufferSize(1024);
        socket.connect(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.server.adminPort()));
        // Every other one never ends its request; the rest never read the answers to many.
        String scrape = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n";
        String asked = i % 2 == 0 ? scrape : (scrape + "\r\n").repeat(20);
        socket.getOutputStream().write(asked.getBytes(StandardCharsets.US_ASCII));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
        assertThat(metrics(server)).contains("gearbox_requests_total");
      }
    } finally {
      for (Socket each : stalled) {
        each.close();
      }
    }
  }

  @Test
  void aCollectorThatHangsCostsTracesAndNoAnswers() throws Exception {
    try (ServerSocket hanging = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        TestingServer server =
            TestingServer.traced(
                URI.create("http://127.0.0.1:%d/v1/traces".formatted(hanging.getLocalPort())))) {
      for (int i = 0; i < 50; i++) {
        assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }
      server.await(() -> lost(server) > 0);
      assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }
  }

  /** Traces that were given up. */
  private static double lost(TestingServer server) {
    return metrics(server)
        .lines()
        .filter(line -> line.startsWith("gearbox_traces_dropped_total"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static String metrics(TestingServer server) {
    URI uri = URI.create("http://127.0.0.1:" + server.server.adminPort() + "/metrics");
    try {
      return HTTP.send(
              HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
