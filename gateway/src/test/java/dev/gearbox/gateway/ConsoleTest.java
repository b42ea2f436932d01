package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.record.StepRecord;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the console is given, by whom it is looked at, and what it may do. */
class ConsoleTest {
  private static final String CHAT =
      "{\"model\":\"both\",\"max_tokens\":9,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"secret words\"}]}";
  private static final String ENDLESS = CHAT.replace(":9,", ":900,");
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void aRequestIsSeenOnItsLaneThenWithWhatWasPredictedAndWhatCame() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ofMillis(300));
        Stream stream = new Stream(server.uri("/console/events"), null);
        Socket running = server.open("/v1/chat/completions", CHAT)) {
      JsonNode live = stream.await(seen -> seen.at("/lanes/0/phase").asString().equals("decode"));
      assertThat(live.at("/lanes/0/variant").asString()).isEqualTo(TestingServer.LARGE);
      assertThat(live.at("/lanes/0/predicted_ttft").isNumber()).isTrue();

      TestingServer.readUntil(running, "[DONE]");
      JsonNode over = stream.await(seen -> !seen.get("ended").isEmpty());
      assertThat(over.at("/ended/0/ttft").isNumber()).isTrue();
      assertThat(over.at("/ended/0/why").asString()).contains("not " + TestingServer.VARIANT);
      assertThat(over.get("lanes")).isEmpty();
      assertThat(over.toString()).doesNotContain("secret words");
    }
  }

  @Test
  void whatTheLastMinutesBroughtIsThereForWhoComesLater() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      server.post("/v1/chat/completions", CHAT);
      server.lastDecision();
      server.server.drain();

      try (Stream stream = new Stream(admin(server, "/console/events"), null)) {
        JsonNode seen = stream.await(one -> sum(one.at("/classes/0/history/met")) == 1);
        assertThat(seen.at("/models/1/shares").propertyNames())
            .containsExactly(TestingServer.LARGE);
        assertThat(seen.at("/classes/0/history").has("missed")).isFalse();
        assertThat(seen.at("/classes/1/history").has("met")).isFalse();
        JsonNode states = seen.at("/pools/0/states");
        assertThat(states.get(0).get("state").asString()).isEqualTo("loading");
        assertThat(states.get(states.size() - 1).get("state").asString()).isEqualTo("ready");
        assertThat(seen.get("events").toString()).contains("this gateway drains");
      }
    }
  }

  @Test
  void anEnginesShareOfItsDeviceIsWhatItsStepsTookOfTheLastSeconds() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO);
        Stream stream = new Stream(server.uri("/console/events"), null)) {
      assertThat(stream.await(seen -> true).at("/pools/0/busy").isNull()).isTrue();
      String engine = "pool/" + TestingServer.VARIANT;
      server
          .core
          .signals()
          .step(new StepRecord(engine, "test", 1, 9, 0, 0, 0, 5_000_000_000L, System.nanoTime()));

      JsonNode seen = stream.await(one -> one.at("/pools/0/busy").isNumber());
      assertThat(seen.at("/pools/0/engine").asString()).isEqualTo(engine);
      assertThat(seen.at("/pools/0/busy").asDouble()).isEqualTo(0.5);
    }
  }

  @Test
  void thatTheBuiltInRulesDecideIsToldWithWhy() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO);
        Stream stream = new Stream(server.uri("/console/events"), null)) {
      server
          .core
          .policy()
          .update(
              RuleBase.compile(
                  List.of(
                      new RuleSource(
                          "bad.drl",
                          """
                          package test
                          import dev.gearbox.policy.fact.*
                          global dev.gearbox.policy.rule.Ruling ruling
                          rule "bad" when RequestFacts() then ruling.weight(-1); end
                          """))));
      assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);

      JsonNode seen = stream.await(one -> one.get("policy").has("fallback"));
      assertThat(seen.at("/policy/fallback/why").asString()).contains("weight");
    }
  }

  @Test
  void aClassThatFindsNoRoomIsAnEventAndInItsHistory() throws Exception {
    var limits = new AdmissionLimits(1, 0, PATIENCE);
    try (TestingServer server = TestingServer.ready(Duration.ofMillis(300), limits, List.of());
        Stream stream = new Stream(admin(server, "/console/events"), null);
        Socket running = server.open("/v1/chat/completions", ENDLESS)) {
      stream.await(seen -> seen.at("/lanes/0/phase").asString().equals("decode"));
      for (int i = 0; i < 3; i++) {
        assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(503);
      }

      JsonNode seen = stream.await(one -> sum(one.at("/classes/0/history/refused")) == 3);
      assertThat(seen.get("events").findValuesAsString("what").stream())
          .filteredOn(what -> what.contains("turned away"))
          .containsExactly("requests of class standard are turned away (503)");
      assertThat(running.isConnected()).isTrue();
    }
  }

  @Test
  void doorsThatOthersGetThroughWithoutAKeyAreToldToWhoRunsItAndToNoTenant() throws Exception {
    Security security =
        new Security(
            new Gatekeeper(List.of(tenant("acme")), false),
            null,
            null,
            AdminGate.LOCAL,
            new Origins(Set.of(), Set.of("chat.example")),
            AuditLog.NONE,
            new PromptLog(false),
            List.of());
    try (TestingServer server = TestingServer.behind(security);
        Stream operator = new Stream(admin(server, "/console/events"), null);
        Stream local = new Stream(server.uri("/console/events"), null);
        Stream acme = new Stream(server.uri("/console/events"), "acme")) {
      for (Stream runs : List.of(operator, local)) {
        assertThat(runs.await(seen -> true).at("/open/0").asString()).contains("proxy");
      }
      assertThat(acme.await(seen -> true).has("open")).isFalse();
    }
  }

  private static int sum(JsonNode counts) {
    return counts.valueStream().mapToInt(JsonNode::asInt).sum();
  }

  @Test
  void anOperatorEndsARequestAndNoOther() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ofMillis(300));
        Stream stream = new Stream(admin(server, "/console/events"), null);
        Socket kept = server.open("/v1/chat/completions", ENDLESS)) {
      JsonNode first = stream.await(seen -> seen.at("/lanes/0/phase").asString().equals("decode"));
      Socket ended = server.open("/v1/chat/completions", ENDLESS);
      JsonNode both = stream.await(seen -> seen.at("/lanes/1/phase").asString().equals("decode"));
      String end = "/admin/requests/" + both.at("/lanes/1/request").asString() + "/end";
      assertThat(post(server.uri(end), "").statusCode()).isEqualTo(404);
      assertThat(post(admin(server, "/admin/requests/none/end"), "").statusCode()).isEqualTo(404);

      assertThat(post(admin(server, end), "").statusCode()).isEqualTo(204);

      JsonNode left =
          stream.await(seen -> seen.at("/ended/0/outcome").asString().equals("cancelled"));
      assertThat(left.get("lanes")).hasSize(1);
      assertThat(left.at("/lanes/0/request")).isEqualTo(first.at("/lanes/0/request"));
      assertThat(TestingServer.readUntil(ended, "\r\n0\r\n\r\n"))
          .contains("an operator ended this request", "permission_denied")
          .doesNotContain("[DONE]");
      ended.close();
      TestingServer.readUntil(kept, "data: ");
    }
  }

  @Test
  void aTenantSeesItsOwnRequestsAndTheOperatorAll() throws Exception {
    List<Tenant> tenants = List.of(tenant("acme"), tenant("other"));
    try (TestingServer server =
            TestingServer.ready(Duration.ZERO, AdmissionLimits.DEFAULT, tenants);
        Stream operator = new Stream(admin(server, "/console/events"), null);
        Stream acme = new Stream(server.uri("/console/events"), "acme");
        Stream other = new Stream(server.uri("/console/events"), "other")) {
      String id =
          server
              .post("/v1/chat/completions", CHAT, "authorization", "Bearer acme")
              .headers()
              .firstValue("x-gearbox-decision-id")
              .orElseThrow();

      acme.await(seen -> seen.get("ended").toString().contains(id));
      operator.await(seen -> seen.get("ended").toString().contains(id));
      JsonNode others = other.await(seen -> seen.get("decisions").asInt() == 1);
      assertThat(others.toString()).doesNotContain(id);
      String path = "/console/decisions/" + id;
      assertThat(get(server.uri(path), "authorization", "Bearer acme").body()).contains("\"why\"");
      assertThat(get(server.uri(path), "authorization", "Bearer other").statusCode())
          .isEqualTo(404);
      assertThat(get(server.uri(path)).statusCode()).isEqualTo(401);
      assertThat(get(server.uri("/console/events")).statusCode()).isEqualTo(401);
      assertThat(get(admin(server, path)).statusCode()).isEqualTo(200);
      assertThat(get(admin(server, "/console/decisions?outcome=met")).body()).contains(id);
      assertThat(get(admin(server, "/console/decisions?outcome=missed")).body()).doesNotContain(id);
    }
  }

  @Test
  void aBrowserGetsThePageAndAProgramTheHealth() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      HttpResponse<String> page = get(server.uri("/"), "accept", "text/html,*/*");
      assertThat(page.body()).contains("<title>Gearbox</title>");
      assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(get(server.uri("/")).body()).isEqualTo("{\"status\":\"ready\"}");
      assertThat(get(server.uri("/console/app.js")).statusCode()).isEqualTo(200);
      for (String path :
          List.of("/console/..%2f..%2flogback.xml", "/console/none.js", "/console/%2e%2e")) {
        assertThat(get(server.uri(path)).statusCode()).as(path).isEqualTo(404);
      }
    }
  }

  @Test
  void thePublicPortChangesNoRulesAndTheAdminPortNoneForOtherPages() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      for (String path : List.of("/admin/policy", "/admin/policy/check", "/admin/pools")) {
        assertThat(get(server.uri(path)).statusCode()).as(path).isEqualTo(404);
      }
      URI rules = admin(server, "/admin/policy/check");
      assertThat(post(rules, "rule", "origin", "https://evil.example").statusCode()).isEqualTo(403);
      assertThat(get(admin(server, "/console/events"), "origin", "null").statusCode())
          .isEqualTo(403);
      assertThat(asked(server.server.adminPort(), "rebound.example:9090", "/admin/policy"))
          .startsWith("HTTP/1.1 403");
      assertThat(asked(server.server.adminPort(), "localhost:9090", "/admin/policy"))
          .startsWith("HTTP/1.1 200");
      assertThat(asked(server.server.adminPort(), "gearbox-0.pod:9090", "/metrics"))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void aCheckNamesTheLineAndChangesNothing() throws Exception {
    try (TestingServer server = TestingServer.ready(Duration.ZERO)) {
      URI check = admin(server, "/admin/policy/check");
      String rule =
          """
          package test
          import dev.gearbox.policy.fact.*
          rule "nothing"
          when
            ServiceClass( %s == "batch" )
          then
          end
          """;

      HttpResponse<String> wrong = post(check, rule.formatted("nmae"));
      HttpResponse<String> right = post(check, rule.formatted("name"));

      assertThat(wrong.statusCode()).isEqualTo(400);
      assertThat(parsed(wrong.body()).at("/error/problems/0/line").asInt()).isEqualTo(5);
      assertThat(right.statusCode()).as(right.body()).isEqualTo(200);
      JsonNode policy = parsed(get(admin(server, "/admin/policy")).body());
      assertThat(policy.get("version").asString()).isEqualTo("built-in");
      assertThat(policy.get("last_change")).isEmpty();
    }
  }

  @Test
  void weightsOnTheirWayAreShownBeforeAnythingIsReady() throws Exception {
    try (TestingServer server =
            new TestingServer(
                Duration.ZERO, AdmissionLimits.DEFAULT, List.of(), java.util.Map.of());
        Stream stream = new Stream(server.uri("/console/events"), null)) {
      JsonNode loading = stream.await(seen -> seen.get("state").asString().equals("loading"));
      assertThat(loading.at("/pools/0/bytes").asLong()).isEqualTo(100_000_000);
      assertThat(loading.at("/pools/0/progress").asDouble()).isZero();

      server.weights.countDown();
      stream.await(seen -> seen.get("state").asString().equals("ready"));
    }
  }

  private static Tenant tenant(String name) throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
    return new Tenant(name, List.of("sha256:" + HexFormat.of().formatHex(digest)), "standard");
  }

  private static URI admin(TestingServer server, String path) {
    return URI.create("http://127.0.0.1:" + server.server.adminPort() + path);
  }

  private static HttpResponse<String> get(URI uri, String... headers) throws Exception {
    return send(HttpRequest.newBuilder(uri).GET(), headers);
  }

  private static HttpResponse<String> post(URI uri, String body, String... headers)
      throws Exception {
    return send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(body)), headers);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request, String... headers)
      throws Exception {
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** The head of an answer to a request with a host of its own, which a client would not send. */
  private static String asked(int port, String host, String path) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nhost: %s\r\nconnection: close\r\n\r\n"
                  .formatted(path, host)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static JsonNode parsed(String text) {
    return JsonMapper.shared().readTree(text);
  }

  /** The console's stream, read as it comes. */
  private static final class Stream implements AutoCloseable {
    private final InputStream body;
    private final BufferedReader lines;

    Stream(URI uri, @Nullable String key) throws Exception {
      var request = HttpRequest.newBuilder(uri).GET();
      if (key != null) {
        request.header("authorization", "Bearer " + key);
      }
      HttpResponse<InputStream> answer =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(answer.statusCode()).isEqualTo(200);
      body = answer.body();
      lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    }

    JsonNode await(Predicate<JsonNode> wanted) throws Exception {
      long end = System.nanoTime() + PATIENCE.toNanos();
      JsonNode last = null;
      while (System.nanoTime() < end) {
        String line = String.valueOf(lines.readLine());
        if (line.startsWith("data: ")) {
          last = parsed(line.substring(6));
          if (wanted.test(last)) {
            return last;
          }
        }
      }
      throw new AssertionError("it was not shown; last: " + last);
    }

    @Override
    public void close() throws IOException {
      body.close();
    }
  }
}
