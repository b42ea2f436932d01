package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.http.HttpFront;
import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.KeyHash;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every door of either port, tried by who has no key, a wrong one, or one for another door. */
class StrangerTest {
  private static final String TENANT_KEY = KeyHash.newKey();
  private static final String ADMIN_KEY = KeyHash.newKey();
  private static final String SCRAPER_KEY = KeyHash.newKey();
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE");

  @TempDir private static Path folder;
  private static AuditLog audit;
  private static TestingServer server;

  @BeforeAll
  static void start() throws Exception {
    audit = AuditLog.open(folder.resolve("audit.jsonl"), 1 << 20, 20, InstantSource.system());
    Tenant acme = new Tenant("acme", List.of(KeyHash.of(TENANT_KEY).toString()), "standard");
    server =
        TestingServer.behind(
            new Security(
                new Gatekeeper(List.of(acme), true),
                null,
                null,
                new AdminGate(List.of(KeyHash.of(ADMIN_KEY)), List.of(KeyHash.of(SCRAPER_KEY))),
                Origins.LOCAL,
                audit,
                new PromptLog(false),
                List.of()));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** Headers of who has no right to anything, and whether a key is put into the URL. */
  private static Stream<String> noKey(String foreign) {
    return Stream.of(
        "x: y",
        "authorization: Bearer gbx_wrong",
        "authorization: Bearer " + foreign,
        "authorization: Bearer",
        "authorization: Basic " + TENANT_KEY,
        "authorization: " + TENANT_KEY,
        "x-api-key: " + TENANT_KEY,
        "api-key: " + ADMIN_KEY,
        "cookie: key=" + TENANT_KEY,
        "x-forwarded-for: 127.0.0.1",
        "forwarded: for=127.0.0.1;host=localhost",
        "origin: http://localhost:1");
  }

  private static int status(int port, String method, String target, String header)
      throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      String head =
          "%s %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n%s\r\n\r\n"
              .formatted(method, target, header);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      return Integer.parseInt(answer.substring(9));
    }
  }

  private static String target(String mapping) {
    return mapping.substring(mapping.indexOf(' ') + 1).replaceAll("\\{\\*?(id|file)}", "none");
  }

  @Test
  void whoHasNoKeyGetsNothingBehindAnyDoorWhateverTheMethodAndTheHeader() throws Exception {
    List<String> through = new ArrayList<>();
    int tried = 0;
    for (HttpFront.Doors doors : server.server.doors()) {
      boolean api = doors.port() == server.server.port();
      assertThat(doors.guarded()).hasSizeGreaterThan(api ? 40 : 10);
      List<String> targets = doors.guarded().stream().map(StrangerTest::target).distinct().toList();
      for (String target : targets) {
        for (String method : METHODS) {
          boolean open =
              doors.open().stream()
                  .anyMatch(o -> o.startsWith(method + " ") && target(o).equals(target));
          // Every header at every door would be thousands of connections: each door meets three.
          List<String> headers = noKey(api ? ADMIN_KEY : TENANT_KEY).toList();
          for (int i = 0; i < 3 && !open; i++) {
            String header = headers.get((tried * 5 + i) % headers.size());
            int status = status(doors.port(), method, target, header);
            tried++;
            if (status != 401 && !(status == 403 && !api && header.startsWith("origin"))) {
              through.add(method + " " + target + " [" + header + "]: " + status);
            }
          }
        }
      }
      for (String header : noKey(api ? ADMIN_KEY : TENANT_KEY).toList()) {
        for (String method : METHODS) {
          String target = api ? "/v1/chat/completions" : "/admin/policy";
          int status = status(doors.port(), method, target, header);
          // The admin port refuses pages of other places before it looks for a key.
          if (status != 401 && !(status == 403 && !api && header.startsWith("origin"))) {
            through.add(method + " " + target + " [" + header + "]: " + status);
          }
        }
      }
    }
    assertThat(through).isEmpty();
    assertThat(tried).isGreaterThan(800);
  }

  @Test
  void tricksWithThePathOpenNothing() throws Exception {
    for (String path :
        List.of(
            "//v1//models",
            "/v1/models/",
            "/V1/MODELS",
            "/v1;a=b/models",
            "/v1/models;jsessionid=1",
            "/v1/%6dodels",
            "/v1/./models",
            "/health/../v1/models",
            "/health/%2e%2e/v1/models",
            "/console/..%2f..%2fv1%2fmodels",
            "/v1/models?x=1#f",
            "/v1/models%00",
            "/nothing/at/all",
            "http://localhost/v1/models")) {
      int status = status(server.server.port(), "GET", path, "x: y");
      assertThat(status).as(path).isIn(400, 401, 404);
      if (status == 404) {
        assertThat(path).as("only files of the page are looked for").startsWith("/console/");
      }
    }
  }

  @Test
  void aKeyInTheUrlIsRefusedWhateverElseIsShown() throws Exception {
    for (String name : List.of("key", "api_key", "API-Key", "access_token", "token")) {
      String query = "?" + name + "=" + TENANT_KEY;
      assertThat(
              status(
                  server.server.port(),
                  "GET",
                  "/v1/models" + query,
                  "authorization: Bearer " + TENANT_KEY))
          .isEqualTo(400);
      assertThat(status(server.server.adminPort(), "GET", "/metrics" + query, "x: y"))
          .isEqualTo(400);
    }
    assertThat(written()).doesNotContain(TENANT_KEY);
  }

  @Test
  void eachKeyOpensItsOwnDoors() throws Exception {
    String tenant = "authorization: bearer " + TENANT_KEY;
    String admin = "authorization: Bearer " + ADMIN_KEY;
    String scraper = "authorization: Bearer " + SCRAPER_KEY;
    int api = server.server.port();
    int administration = server.server.adminPort();
    assertThat(status(api, "GET", "/v1/models", tenant)).isEqualTo(200);
    assertThat(status(api, "GET", "/v1/models", admin)).isEqualTo(401);
    assertThat(status(api, "GET", "/nothing", tenant)).isEqualTo(404);
    assertThat(status(api, "PUT", "/v1/models", tenant)).isEqualTo(405);
    assertThat(status(administration, "GET", "/admin/pools", admin)).isEqualTo(200);
    assertThat(status(administration, "GET", "/metrics", admin)).isEqualTo(200);
    assertThat(status(administration, "GET", "/metrics", scraper)).isEqualTo(200);
    assertThat(status(administration, "GET", "/admin/pools", scraper)).isEqualTo(401);
    assertThat(status(administration, "GET", "/metrics", tenant)).isEqualTo(401);
    for (String open : List.of("/health", "/health/live", "/health/ready", "/")) {
      assertThat(status(api, "GET", open, "x: y")).as(open).isEqualTo(200);
    }
  }

  @Test
  void refusalsAndChangesAreWrittenDownWithoutKeysOrWhatTheClientWrote() throws Exception {
    status(
        server.server.port(), "GET", "/v1/files/canary-path/x", "authorization: Bearer canary-key");
    status(
        server.server.adminPort(),
        "DELETE",
        "/admin/policy/shadow",
        "authorization: Bearer " + ADMIN_KEY);
    server.await(() -> written().contains("\"request\":\"DELETE /admin/policy/shadow\""));
    assertThat(written())
        .contains("\"event\":\"refused\",\"door\":\"api\",\"from\":\"127.0.0.1\"")
        .contains("\"what\":\"GET elsewhere\",\"status\":401")
        .contains("\"event\":\"changed\",\"what\":\"admin\",\"who\":\"key-")
        .doesNotContain("canary", ADMIN_KEY, TENANT_KEY);
  }

  private static String written() {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        all.append(Files.readString(file));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return all.toString();
  }
}
