package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.KeyHash;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a page that a browser on this machine has open may do with the gateway here. */
class OriginTest {
  private static String ask(TestingServer server, String head) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write(
              (head.replace("\n", "\r\n") + "\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String models(TestingServer server, String host, String origin) throws Exception {
    return ask(server, "GET /v1/models HTTP/1.1\nhost: %s\norigin: %s".formatted(host, origin));
  }

  @Test
  void withoutTenantsAPageOfAnotherPlaceNeitherReadsNorAsks() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      for (String page : List.of("https://evil.example", "null", "http://127.0.0.1.evil.example")) {
        assertThat(models(server, "localhost", page))
            .as(page)
            .startsWith("HTTP/1.1 403")
            .doesNotContain("access-control-allow-origin");
        assertThat(
                ask(
                    server,
                    "OPTIONS /v1/models HTTP/1.1\nhost: localhost\norigin: "
                        + page
                        + "\naccess-control-request-method: POST"))
            .as(page)
            .doesNotContain("access-control-allow");
      }
      assertThat(models(server, "localhost:8080", "http://localhost:3000"))
          .startsWith("HTTP/1.1 200")
          .contains("access-control-allow-origin: http://localhost:3000");
    }
  }

  @Test
  void aNameThatWasMadePointHereOpensNothing() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      assertThat(models(server, "rebound.example:8080", "http://rebound.example:8080"))
          .startsWith("HTTP/1.1 403");
      assertThat(ask(server, "GET /v1/models HTTP/1.1\nhost: rebound.example"))
          .startsWith("HTTP/1.1 403")
          .contains("security.hosts");
      assertThat(ask(server, "GET /v1/models HTTP/1.1\nhost: [::1]:8080"))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void configuredPagesAndNamesMayAsk() throws Exception {
    Security open =
        new Security(
            new Gatekeeper(List.of(), true),
            null,
            null,
            AdminGate.LOCAL,
            new Origins(Set.of("https://chat.example"), Set.of("gearbox.lan")),
            AuditLog.NONE,
            new PromptLog(false),
            List.of());
    try (TestingServer server = TestingServer.behind(open)) {
      assertThat(models(server, "gearbox.lan", "https://chat.example"))
          .startsWith("HTTP/1.1 200")
          .contains("access-control-allow-origin: https://chat.example");
      assertThat(models(server, "gearbox.lan", "https://evil.example")).startsWith("HTTP/1.1 403");
    }
  }

  @Test
  void withKeysAnyPageThatHasOneMayAskByAnyName() throws Exception {
    Tenant acme = new Tenant("acme", List.of(KeyHash.of("secret").toString()), "standard");
    try (TestingServer server =
        TestingServer.ready(Duration.ZERO, AdmissionLimits.DEFAULT, List.of(acme))) {
      assertThat(models(server, "any.example", "https://page.example"))
          .startsWith("HTTP/1.1 401")
          .contains("access-control-allow-origin: *");
      assertThat(
              models(server, "any.example", "https://page.example\nauthorization: Bearer secret"))
          .startsWith("HTTP/1.1 200");
    }
  }
}
