package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.security.Tenant;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** What clients name makes neither metrics nor the console longer, and is no part of either. */
class HostileNamesTest {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final List<String> NAMES =
      List.of(
          "m".repeat(10_000),
          "bell\u0007null\u0000",
          "line\nfeed\r\n",
          "<img src=x onerror=owned>",
          "quote\",} 1\ngearbox_owned 1",
          "\u202eesrever",
          "../../etc/passwd");

  @Test
  void namesOfModelsThatDoNotExistAreInNoSeriesAndNoSnapshot() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      ask(server, "both", 200);
      server.await(() -> metrics(server).contains("code=\"200\",} 1.0"));
      long before = metrics(server).lines().count();
      for (String name : NAMES) {
        ask(server, name, name.length() > 256 ? 400 : 404);
      }
      for (int i = 0; i < 300; i++) {
        ask(server, "typo-" + i, 404);
      }
      server.await(() -> metrics(server).contains("code=\"404\",} 306.0"));

      assertThat(metrics(server)).doesNotContain("mmmm", "\u0007", "owned", "esrever", "typo");
      assertThat(metrics(server).lines().count() - before).isLessThan(60);
      assertThat(snapshot(server).toString())
          .hasSizeLessThan(50_000)
          .doesNotContain("mmmm", "\\u0007", "owned", "esrever", "typo");
    }
  }

  @Test
  void whatIsSearchedForIsFoundOrNotAndNothingElseHappens() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      ask(server, "both", 200);
      for (String what : List.of("%00%07", "%0d%0ax-owned:%201", "%3Cimg%3E", "x".repeat(7000))) {
        for (String name : List.of("class", "model", "variant", "outcome", "rule")) {
          HttpResponse<String> found =
              get(admin(server, "/console/decisions?" + name + "=" + what));
          assertThat(found.statusCode()).as(what).isEqualTo(200);
          assertThat(found.body()).isEqualTo("{\"data\":[]}");
          assertThat(found.headers().map()).doesNotContainKey("x-owned");
        }
        for (String path : List.of("/console/decisions/", "/console/", "/admin/requests/")) {
          assertThat(get(admin(server, path + what)).statusCode()).as(path + what).isEqualTo(404);
        }
      }
      assertThat(get(admin(server, "/console/decisions?rule=" + "x".repeat(10_000))).statusCode())
          .isEqualTo(414);
    }
  }

  @Test
  void thousandsOfTenantsAreInNoSeriesAndEachSeesItsOwn() throws Exception {
    List<Tenant> tenants = IntStream.range(0, 3000).mapToObj(HostileNamesTest::tenant).toList();
    try (TestingServer server =
        TestingServer.ready(Duration.ZERO, AdmissionLimits.DEFAULT, tenants)) {
      ask(server, "both", 200, "authorization", "Bearer tenant-0");
      server.await(() -> metrics(server).contains("code=\"200\",} 1.0"));
      long before = metrics(server).lines().count();
      for (int i = 1; i < 400; i++) {
        ask(server, "both", 200, "authorization", "Bearer tenant-" + i);
      }
      server.await(() -> metrics(server).contains("code=\"200\",} 400.0"));

      assertThat(metrics(server)).doesNotContain("tenant-");
      assertThat(metrics(server).lines().count() - before).isLessThan(60);
      assertThat(snapshot(server).toString()).hasSizeLessThan(50_000);
      String own =
          get(server.uri("/console/decisions"), "authorization", "Bearer tenant-399").body();
      assertThat(own).contains("tenant-399").doesNotContain("tenant-398");
    }
  }

  private static Tenant tenant(int number) {
    String name = "tenant-" + number;
    try {
      byte[] key =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return new Tenant(name, List.of("sha256:" + HexFormat.of().formatHex(key)), "standard");
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static void ask(TestingServer server, String model, int status, String... headers)
      throws Exception {
    var body = JsonNodeFactory.instance.objectNode().put("model", model).put("max_tokens", 2);
    body.putArray("messages").addObject().put("role", "user").put("content", "hi");
    assertThat(server.post("/v1/chat/completions", body.toString(), headers).statusCode())
        .as(model)
        .isEqualTo(status);
  }

  private static String metrics(TestingServer server) {
    try {
      return get(admin(server, "/metrics")).body();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the operator's console is shown first. */
  private static JsonNode snapshot(TestingServer server) throws Exception {
    var request = HttpRequest.newBuilder(admin(server, "/console/events")).build();
    var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofLines());
    try (var lines = answer.body()) {
      String first = lines.filter(line -> line.startsWith("data: ")).findFirst().orElseThrow();
      return JsonMapper.shared().readTree(first.substring(6));
    }
  }

  private static URI admin(TestingServer server, String path) {
    return URI.create("http://127.0.0.1:" + server.server.adminPort() + path);
  }

  private static HttpResponse<String> get(URI uri, String... headers) throws Exception {
    var request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
