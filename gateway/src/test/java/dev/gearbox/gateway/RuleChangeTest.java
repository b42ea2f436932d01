package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.rule.RuleFiles;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Rules that change while requests run, as an operator sees it. */
class RuleChangeTest {
  private static final String CHAT =
      "{\"model\":\"auto\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String HEAD =
      """
      package test
      import dev.gearbox.policy.fact.*
      global dev.gearbox.policy.rule.Ruling ruling
      """;

  @TempDir Path folder;

  private final TestingServer server;

  RuleChangeTest() throws Exception {
    server = TestingServer.ready(Duration.ZERO);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @BeforeEach
  void itStartsWithTheBuiltInRules() throws Exception {
    JsonNode policy = policy();
    assertThat(policy.get("version").asString()).isEqualTo("built-in");
    assertThat(policy.at("/rules/0/description").asString()).isNotBlank();
  }

  @Test
  void rulesAreReplacedUnderLoadAndNoRequestFails() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    List<HttpResponse<String>> answers = new ArrayList<>();
    answers.add(server.post("/v1/chat/completions", CHAT));
    CompletableFuture<Void> load =
        CompletableFuture.runAsync(() -> {
          while (!stop.get()) {
            try {
              answers.add(server.post("/v1/chat/completions", CHAT));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });

    JsonNode changed = parsed(put(cap("short", 2), "").body());
    HttpResponse<String> after = server.post("/v1/chat/completions", CHAT);
    stop.set(true);
    load.join();

    assertThat(answers).isNotEmpty().allMatch(answer -> answer.statusCode() == 200);
    assertThat(parsed(after.body()).at("/usage/completion_tokens").asInt()).isEqualTo(2);
    String version = changed.get("version").asString();
    assertThat(version).hasSize(12).isEqualTo(policy().get("version").asString());
    assertThat(policy().at("/rules/0/name").asString()).isEqualTo("short");
    assertThat(decision(after).get("policyVersion").asString()).isEqualTo(version);
    assertThat(decision(answers.getFirst()).get("policyVersion").asString()).isEqualTo("built-in");
    assertThat(server.metrics())
        .contains("gearbox_policy_info{version=\"%s\",} 1.0".formatted(version))
        .contains("gearbox_policy_reload_failed 0.0");
  }

  @Test
  void rulesThatDoNotCompileAreRefusedWithFileAndLineAndTheOldOnesStay() throws Exception {
    String version = parsed(put(cap("short", 2), "").body()).get("version").asString();

    HttpResponse<String> refused =
        put(HEAD + "rule \"x\"\nwhen CandidateFacts( qality > 1 )\nthen end\n", "");

    assertThat(refused.statusCode()).isEqualTo(400);
    JsonNode error = parsed(refused.body()).get("error");
    assertThat(error.get("code").asString()).isEqualTo("invalid_rules");
    assertThat(error.at("/problems/0/file").asString()).isEqualTo("body.drl");
    assertThat(error.at("/problems/0/line").asInt()).isBetween(4, 6);
    assertThat(error.get("message").asString()).contains("qality", version);
    assertThat(policy().get("version").asString()).isEqualTo(version);
    assertThat(policy().at("/last_change/succeeded").asBoolean(true)).isFalse();
    assertThat(server.metrics()).contains("gearbox_policy_reload_failed 1.0");
    assertThat(
            parsed(server.post("/v1/chat/completions", CHAT).body())
                .at("/usage/completion_tokens")
                .asInt())
        .isEqualTo(2);
  }

  @Test
  void aRunawayRuleIsStoppedAndTheRequestIsServedByTheBuiltInOnes() throws Exception {
    put(HEAD + "rule \"loop\" when $r : RequestFacts() then update($r); end\n", "");

    HttpResponse<String> answer = server.post("/v1/chat/completions", CHAT);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(decision(answer).get("fallback").asString()).contains("rules");
  }

  @Test
  void aTableJoinsTheDefaultRules() throws Exception {
    HttpResponse<String> taken =
        send("rule,model,then cap tokens\nshort,auto,3\n", "?beside=default", "text/csv");

    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
    assertThat(parsed(taken.body()).get("rules").size()).isGreaterThan(8);
    assertThat(
            parsed(server.post("/v1/chat/completions", CHAT).body())
                .at("/usage/completion_tokens")
                .asInt())
        .isEqualTo(3);
    assertThat(put("", "").statusCode()).isEqualTo(400);
    assertThat(put(cap("x", 1), "?beside=nothing").statusCode()).isEqualTo(400);
  }

  @Test
  void filesAreWatched() throws Exception {
    Path file = Files.writeString(folder.resolve("own.drl"), cap("short", 2));
    RuleFiles files = new RuleFiles(List.of("file:" + folder.resolve("*.drl")));
    server.core.rules().watch(files);

    Files.writeString(file, cap("shorter", 1));
    server.await(() -> server.core.rules().rules().getFirst().name().equals("shorter"));
    Files.writeString(folder.resolve("two.drl"), cap("another", 1).replace("test", "two"));
    server.await(() -> server.core.rules().rules().size() == 2);
    String version = server.core.rules().version();

    Files.writeString(file, "rule nonsense");
    server.await(() -> server.core.rules().last().stream().anyMatch(c -> !c.succeeded()));

    assertThat(server.core.rules().version()).isEqualTo(version);
    assertThat(policy().at("/last_change/problems/0/file").asString()).endsWith("own.drl");
    assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
  }

  @Test
  void rulesInTheShadowServeNobodyUntilTheyArePromoted() throws Exception {
    URI shadow = admin("/admin/policy/shadow");
    URI promote = admin("/admin/policy/shadow/promote");
    var nothing = HttpRequest.BodyPublishers.noBody();
    assertThat(http(HttpRequest.newBuilder(promote).POST(nothing)).statusCode()).isEqualTo(404);
    String refuse =
        HEAD + "rule \"no\" when RequestFacts() then ruling.refuse(429, \"x\", \"no\"); end\n";

    var bad = http(HttpRequest.newBuilder(shadow).PUT(text("rule nonsense")));
    var taken = http(HttpRequest.newBuilder(shadow).PUT(text(refuse)));
    for (int i = 0; i < 10; i++) {
      assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }

    assertThat(bad.statusCode()).isEqualTo(400);
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
    server.await(() -> server.core.shadows().find("rules").orElseThrow().decisions() >= 10);
    JsonNode seen = parsed(http(HttpRequest.newBuilder(shadow)).body()).at("/shadows/1");
    assertThat(seen.get("policy").asString()).isEqualTo("rules");
    assertThat(seen.at("/delta/refused/mean").asDouble()).isEqualTo(1);
    assertThat(seen.at("/delta/refused/low").asDouble()).isEqualTo(1);
    assertThat(seen.at("/delta/quality/high").asDouble()).isLessThan(0);
    assertThat(server.metrics())
        .contains("gearbox_shadow_delta{policy=\"rules\",measure=\"refused\",} 1.0")
        .contains("gearbox_shadow_delta_high{policy=\"rules\",measure=\"refused\",} 1.0")
        .contains("gearbox_shadow_delta{policy=\"price-predicted\",measure=\"chosen\",} 0.0");

    assertThat(http(HttpRequest.newBuilder(promote).POST(nothing)).statusCode()).isEqualTo(200);
    assertThat(server.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(429);
    assertThat(policy().get("version").asString()).isEqualTo(seen.get("version").asString());
    assertThat(server.metrics()).doesNotContain("gearbox_shadow_delta{policy=\"rules\"");
    http(HttpRequest.newBuilder(shadow).PUT(text(refuse)));
    assertThat(http(HttpRequest.newBuilder(shadow).DELETE()).statusCode()).isEqualTo(200);
    assertThat(http(HttpRequest.newBuilder(shadow).DELETE()).statusCode()).isEqualTo(404);
  }

  private static HttpRequest.BodyPublisher text(String rules) {
    return HttpRequest.BodyPublishers.ofString(rules);
  }

  private static String cap(String rule, int tokens) {
    return HEAD
        + "rule \"%s\" @Description(\"Answers are short here\") when RequestFacts() then ruling.capTokens(%d); end\n"
            .formatted(rule, tokens);
  }

  private HttpResponse<String> put(String rules, String query) throws Exception {
    return send(rules, query, "text/plain");
  }

  private HttpResponse<String> send(String rules, String query, String type) throws Exception {
    return http(
        HttpRequest.newBuilder(admin("/admin/policy" + query))
            .header("content-type", type)
            .PUT(HttpRequest.BodyPublishers.ofString(rules)));
  }

  private JsonNode policy() throws Exception {
    return parsed(http(HttpRequest.newBuilder(admin("/admin/policy"))).body());
  }

  private JsonNode decision(HttpResponse<String> answer) throws Exception {
    String id = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
    return parsed(server.send("GET", "/v1/decisions/" + id).body());
  }

  private URI admin(String path) {
    return URI.create("http://127.0.0.1:" + server.server.adminPort() + path);
  }

  private static HttpResponse<String> http(HttpRequest.Builder request) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private static JsonNode parsed(String text) {
    return JsonMapper.shared().readTree(text);
  }
}
