package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.admission.TenantLimits;
import dev.gearbox.gateway.security.Tenant;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The gateway from its sockets, with an engine behind it that says what a test knows. */
class GearboxServerTest {
  private static TestingServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestingServer.ready(Duration.ZERO);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void nothingIsLeftBehind() throws Exception {
    server.await(() -> server.server.inFlight() == 0 && server.engine.running.get() == 0);
  }

  private static String chat(int tokens, String more) {
    return "{\"model\":\"auto\",\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}"
        .formatted(tokens, more);
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private static List<JsonNode> chunks(String body) {
    List<JsonNode> chunks = new ArrayList<>();
    for (String event : body.split("\n\n", -1)) {
      if (event.startsWith("data: {")) {
        chunks.add(json(event.substring(6)));
      }
    }
    return chunks;
  }

  @Test
  void aWholeAnswerHasEveryFieldThatClientsRequire() throws Exception {
    HttpResponse<String> answer = server.post("/v1/chat/completions", chat(3, ""));

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode body = json(answer.body());
    assertThat(body.get("id").asString()).startsWith("chatcmpl-");
    assertThat(body.get("object").asString()).isEqualTo("chat.completion");
    assertThat(body.get("created").isIntegralNumber()).isTrue();
    assertThat(body.get("model").asString()).isEqualTo("auto");
    assertThat(body.at("/choices/0/message/content").asString()).isEqualTo(" w0 w1 w2");
    assertThat(body.at("/choices/0/message/role").asString()).isEqualTo("assistant");
    assertThat(body.at("/choices/0/message").has("refusal")).isTrue();
    assertThat(body.at("/choices/0").has("logprobs")).isTrue();
    assertThat(body.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(3);
    assertThat(body.at("/usage/prompt_tokens_details/cached_tokens").isNumber()).isTrue();
    for (String header : List.of("variant", "pool", "decision-id", "overhead-ms")) {
      assertThat(answer.headers().firstValue("x-gearbox-" + header)).isPresent();
    }
    assertThat(answer.headers().firstValue("openai-processing-ms")).isPresent();
  }

  @Test
  void anAnswerTellsHowFastItWasMadeIfItIsAsked() throws Exception {
    String asked = ",\"timings_per_token\":true";
    JsonNode whole = json(server.post("/v1/chat/completions", chat(3, asked)).body());
    String streamed =
        server.post("/v1/chat/completions", chat(3, asked + ",\"stream\":true")).body();
    String silent = server.post("/v1/chat/completions", chat(3, ",\"stream\":true")).body();

    List<JsonNode> told = chunks(streamed).stream().filter(c -> c.has("timings")).toList();
    assertThat(told).hasSize(1);
    assertThat(told.getFirst().at("/choices/0/finish_reason").asString()).isEqualTo("length");
    for (JsonNode timings : List.of(whole.get("timings"), told.getFirst().get("timings"))) {
      assertThat(timings.get("prompt_n").asInt()).isEqualTo(1);
      assertThat(timings.get("prompt_per_second").asDouble()).isEqualTo(50);
      assertThat(timings.get("predicted_ms").asDouble()).isEqualTo(30);
      assertThat(timings.get("predicted_per_second").asDouble()).isEqualTo(100);
    }
    assertThat(silent).doesNotContain("timings");
  }

  @Test
  void aStreamTellsHowFarItsPromptIsIfItIsAsked() throws Exception {
    server.engine.silent = true;
    try (Socket socket =
        server.open("/v1/chat/completions", chat(3, ",\"stream\":true,\"return_progress\":true"))) {
      String told = TestingServer.readUntil(socket, "\"time_ms\"");
      assertThat(told)
          .contains("\"role\":\"assistant\"")
          .contains("\"prompt_progress\":{\"total\":100,\"cache\":16,\"processed\":40,");
    } finally {
      server.engine.silent = false;
    }
  }

  @Test
  void aStreamBeginsWithItsRoleAndEndsInDone() throws Exception {
    HttpResponse<String> answer =
        server.post(
            "/v1/chat/completions",
            chat(3, ",\"stream\":true,\"n\":2,\"stream_options\":{\"include_usage\":true}"));

    assertThat(answer.headers().firstValue("content-type").orElseThrow())
        .isEqualTo("text/event-stream;charset=utf-8");
    assertThat(answer.body()).endsWith("data: [DONE]\n\n").doesNotContain("\"error\"");
    List<JsonNode> chunks = chunks(answer.body());
    assertThat(chunks.stream().map(c -> c.get("id").asString()).distinct()).hasSize(1);
    for (int index = 0; index < 2; index++) {
      int at = index;
      List<JsonNode> mine =
          chunks.stream().filter(c -> c.at("/choices/0/index").asInt(-1) == at).toList();
      assertThat(mine.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
      assertThat(mine.getLast().at("/choices/0/delta").isEmpty()).isTrue();
      assertThat(mine.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("length");
      assertThat(mine).allMatch(c -> c.get("usage").isNull());
      assertThat(mine.subList(1, mine.size())).noneMatch(c -> c.at("/choices/0/delta").has("role"));
    }
    assertThat(chunks.getLast().get("choices").isEmpty()).isTrue();
    assertThat(chunks.getLast().at("/usage/completion_tokens").asInt()).isEqualTo(6);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a\"",
        "[\"a\",\"b\"]",
        "[1,2,3]",
        "[[1,2],[3]]",
      })
  void completionsTakeEveryKindOfPrompt(String prompt) throws Exception {
    var answer =
        server.post(
            "/v1/completions", "{\"model\":\"auto\",\"max_tokens\":2,\"prompt\":" + prompt + "}");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(json(answer.body()).at("/choices/0/text").asString()).isEqualTo(" w0 w1");
  }

  @Test
  void echoComesBeforeTheAnswer() throws Exception {
    var answer =
        server.post(
            "/v1/completions",
            "{\"model\":\"auto\",\"max_tokens\":1,\"prompt\":\"say\",\"echo\":true}");

    assertThat(json(answer.body()).at("/choices/0/text").asString()).isEqualTo("say w0");
  }

  @Test
  void logprobsHaveTheShapeOfTheirEndpoint() throws Exception {
    var chat =
        json(
            server
                .post("/v1/chat/completions", chat(1, ",\"logprobs\":true,\"top_logprobs\":1"))
                .body());
    var completion =
        json(
            server
                .post(
                    "/v1/completions",
                    "{\"model\":\"auto\",\"max_tokens\":1,\"prompt\":\"a\",\"logprobs\":1}")
                .body());

    assertThat(chat.at("/choices/0/logprobs/content/0/top_logprobs/0/token").asString())
        .isEqualTo(" w0");
    assertThat(chat.at("/choices/0/logprobs/content/0/bytes").size()).isEqualTo(3);
    assertThat(completion.at("/choices/0/logprobs/token_logprobs/0").asDouble()).isEqualTo(-0.5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          POST | /v1/nothing              | 404
          GET  | /v1/chat/completions     | 405
          GET  | /v1/decisions/none       | 404
          GET  | /v1/models/none          | 404
          POST | /health                  | 405
          """)
  void whatIsNotThereGetsAnErrorObject(String method, String path, int status) throws Exception {
    var answer = server.send(method, path);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(json(answer.body()).get("error").propertyNames())
        .contains("message", "type", "param", "code");
    assertThat(answer.headers().firstValue("x-request-id")).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tools           | "tools":[{"type":"function","function":{"name":"f"}}]
          response_format | "response_format":{"type":"json_object"}
          messages        | "max_tokens":1001
          logit_bias      | "logit_bias":{"50000":1}
          n               | "n":17
          """)
  void whatNoEngineCanDoNamesItsParameter(String param, String field) throws Exception {
    var answer =
        server.post(
            "/v1/chat/completions",
            "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
                + field
                + "}");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    assertThat(json(answer.body()).at("/error/param").asString()).isEqualTo(param);
  }

  @Test
  void otherErrorsAreTheDocumentedOnes() throws Exception {
    assertThat(server.post("/v1/completions", "{\"model\":\"x\",\"prompt\":\"a\"}").statusCode())
        .isEqualTo(404);
    assertThat(
            server
                .post(
                    "/v1/completions",
                    "{\"model\":\"auto\",\"prompt\":\"" + "a".repeat(1 << 20) + "\"}")
                .statusCode())
        .isEqualTo(413);
    assertThat(server.post("/v1/completions?api_key=x", "{}").statusCode()).isEqualTo(400);
    var text = server.send("POST", "/v1/completions", "content-type", "text/plain");
    assertThat(text.statusCode()).isEqualTo(415);
    var context =
        server.post(
            "/v1/completions", "{\"model\":\"auto\",\"prompt\":\"" + "a".repeat(8000) + "\"}");
    assertThat(context.statusCode()).isEqualTo(400);
    assertThat(json(context.body()).at("/error/code").asString())
        .isEqualTo("context_length_exceeded");
  }

  @Test
  void pathsWorkWithoutVersionAndWithDoubledSlashes() throws Exception {
    assertThat(server.post("/chat/completions", chat(1, "")).statusCode()).isEqualTo(200);
    assertThat(server.post("//v1//chat/completions", chat(1, "")).statusCode()).isEqualTo(200);
    assertThat(server.send("HEAD", "/").statusCode()).isEqualTo(200);
    assertThat(server.send("OPTIONS", "/v1/models").statusCode()).isEqualTo(204);
  }

  @Test
  void modelsAndDecisionsAreToldFromMemory() throws Exception {
    var model = json(server.send("GET", "/v1/models/" + TestingServer.VARIANT).body());
    assertThat(model.at("/status/value").asString()).isEqualTo("loaded");
    assertThat(model.get("quality").asDouble()).isEqualTo(0.9);
    var answer = server.post("/v1/chat/completions", chat(1, ""));
    String id = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
    var record = json(server.send("GET", "/v1/decisions/" + id).body());
    assertThat(record.at("/candidates/0/facts/variant").asString())
        .isEqualTo(TestingServer.VARIANT);
    assertThat(record.at("/receipt/deviceSeconds").asDouble()).isPositive();
    assertThat(record.at("/receipt/damage").asDouble()).isNotNegative();
    var quote = json(server.post("/v1/slo/quote", chat(1, "")).body());
    assertThat(quote.at("/candidates/0/congestion_receipt/deviceSeconds").asDouble()).isPositive();
    var preview = json(server.post("/v1/decisions/preview", chat(1, "")).body());
    assertThat(preview.get("candidates").size()).isEqualTo(1);
  }

  @Test
  void aConnectionLivesOnAfterAnAnswerThatNeverReadTheBody() throws Exception {
    for (int i = 0; i < 300; i++) {
      assertThat(server.post("/v1/models", "{}").statusCode()).isEqualTo(405);
      assertThat(server.send("GET", "/v1/models").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void metricsStayOnTheAdminPort() throws Exception {
    assertThat(server.metrics()).contains("gearbox_requests_total");
    assertThat(server.send("GET", "/metrics").statusCode()).isEqualTo(404);
  }

  @Test
  void aClientThatLeavesStopsItsSequences() throws Exception {
    try (TestingServer slow = TestingServer.ready(Duration.ofMillis(20))) {
      for (String more : List.of(",\"stream\":true,\"n\":2", "")) {
        try (Socket socket = slow.open("/v1/chat/completions", chat(900, more))) {
          slow.await(() -> slow.engine.running.get() > 0);
          assertThat(socket.isConnected()).isTrue();
        }
        slow.await(() -> slow.engine.running.get() == 0 && slow.server.inFlight() == 0);
      }
    }
  }

  @Test
  void aClientThatLeavesTheQueueIsForgotten() throws Exception {
    var limits = new AdmissionLimits(1, 1, Duration.ofSeconds(30));
    try (TestingServer slow = TestingServer.ready(Duration.ofMillis(20), limits, List.of());
        Socket running = slow.open("/v1/chat/completions", chat(900, ",\"stream\":true"))) {
      TestingServer.readUntil(running, "w0");
      int encoded = slow.engine.encoded.get();
      try (Socket waiting = slow.open("/v1/chat/completions", chat(900, ""))) {
        slow.await(() -> slow.server.queued() == 1);
        assertThat(waiting.isConnected()).isTrue();
        var refused = slow.post("/v1/chat/completions", chat(1, ""));
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("retry-after-ms")).isPresent();
        assertThat(slow.engine.encoded.get()).as("no work before a permit").isEqualTo(encoded);
      }
      slow.await(() -> slow.server.queued() == 0);
    }
  }

  @Test
  void aReaderThatStallsPausesItsOwnSequenceOnly() throws Exception {
    int before = server.engine.emitted.get();
    try (Socket stalled =
        server.open(
            "/v1/completions",
            "{\"model\":\"auto\",\"n\":16,\"max_tokens\":900,\"stream\":true,\"logprobs\":5,\"prompt\":\"a\"}")) {
      stalled.setReceiveBufferSize(4096);
      TestingServer.readUntil(stalled, "w0");
      assertThat(server.post("/v1/chat/completions", chat(3, "")).statusCode()).isEqualTo(200);
    }
    assertThat(server.engine.emitted.get() - before).isLessThan(16 * 900);
  }

  @Test
  void aStreamShowsThatItLivesWhileWeightsAreLoading() throws Exception {
    try (TestingServer loading =
            new TestingServer(Duration.ZERO, AdmissionLimits.DEFAULT, List.of(), Map.of());
        Socket socket = loading.open("/v1/chat/completions", chat(2, ",\"stream\":true"))) {
      assertThat(loading.send("GET", "/health/live").statusCode()).isEqualTo(200);
      assertThat(loading.send("GET", "/health/ready").statusCode()).isEqualTo(503);
      assertThat(TestingServer.readUntil(socket, ": keep-alive\n\n")).contains("200 OK");
      loading.weights.countDown();
      TestingServer.readUntil(socket, "data: [DONE]\n\n");
      assertThat(loading.send("GET", "/health/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whoeverWaitsForWeightsIsAnsweredTheMomentTheyAreThere() throws Exception {
    for (int i = 0; i < 40; i++) {
      try (TestingServer loading =
              new TestingServer(Duration.ZERO, AdmissionLimits.DEFAULT, List.of(), Map.of());
          Socket socket = loading.open("/v1/chat/completions", chat(1, ""))) {
        loading.await(() -> loading.server.inFlight() == 1);
        loading.weights.countDown();
        assertThat(TestingServer.readUntil(socket, "}")).contains("200 OK");
      }
    }
  }

  @Test
  void aShutdownLetsRunningStreamsEndAndRefusesNewOnes() throws Exception {
    try (TestingServer slow = TestingServer.ready(Duration.ofMillis(5));
        Socket socket = slow.open("/v1/chat/completions", chat(40, ",\"stream\":true"))) {
      TestingServer.readUntil(socket, "w0");
      slow.server.drain();
      assertThat(slow.send("GET", "/health/ready").statusCode()).isEqualTo(503);
      var served = slow.post("/v1/chat/completions", chat(1, ""));
      assertThat(served.statusCode()).isEqualTo(200);
      assertThat(served.headers().firstValue("connection")).contains("close");
      assertThat(slow.server.drain(Duration.ofSeconds(20))).isTrue();
      TestingServer.readUntil(socket, "data: [DONE]\n\n");
    }
  }

  @Test
  void aHardStopEndsStreamsInAnErrorEvent() throws Exception {
    try (TestingServer slow = TestingServer.ready(Duration.ofMillis(20));
        Socket socket = slow.open("/v1/chat/completions", chat(900, ",\"stream\":true"))) {
      TestingServer.readUntil(socket, "w0");
      slow.server.close();
      String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(rest).contains("data: {\"error\":{\"message\"").doesNotContain("[DONE]");
    }
  }

  private static Tenant acme() throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest("secret".getBytes(StandardCharsets.UTF_8));
    return new Tenant("acme", List.of("sha256:" + HexFormat.of().formatHex(digest)), "interactive");
  }

  @Test
  void aTenantLearnsWhatItHasLeftAndIsRefusedBeyondIt() throws Exception {
    var limits = new TenantLimits(1, 2, 100_000L, null);
    try (TestingServer limited =
        TestingServer.ready(
            Duration.ZERO, AdmissionLimits.DEFAULT, List.of(acme()), Map.of("acme", limits))) {
      String[] key = {"authorization", "Bearer secret"};
      var first = limited.post("/v1/chat/completions", chat(3, ""), key);
      assertThat(first.headers().firstValue("x-ratelimit-limit-requests")).contains("2");
      assertThat(first.headers().firstValue("x-ratelimit-remaining-requests")).contains("1");
      assertThat(first.headers().firstValue("x-ratelimit-reset-requests").orElseThrow())
          .matches("[0-9.]+m?s");
      limited.await(() -> limited.server.inFlight() == 0);
      var streamed = limited.post("/v1/chat/completions", chat(3, ",\"stream\":true"), key);
      // The answer before used 1 token of prompt and 3 of its own, whatever was reserved for it.
      assertThat(streamed.headers().firstValueAsLong("x-ratelimit-remaining-tokens").orElseThrow())
          .isBetween(99_980L, 99_996L);
      assertThat(streamed.body()).endsWith("data: [DONE]\n\n");
      int encoded = limited.engine.encoded.get();

      var refused = limited.post("/v1/chat/completions", chat(3, ",\"stream\":true"), key);

      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(json(refused.body()).at("/error/code").asString())
          .isEqualTo("rate_limit_exceeded");
      assertThat(refused.headers().firstValue("x-ratelimit-remaining-requests")).contains("0");
      assertThat(refused.headers().firstValueAsLong("retry-after").orElseThrow())
          .isBetween(1L, 31L);
      assertThat(limited.engine.encoded.get()).as("no work is done for it").isEqualTo(encoded);
    }
  }

  @Test
  void aTenantRunsNoMoreAtOnceThanItMay() throws Exception {
    var limits = new TenantLimits(1, null, null, 1);
    String[] key = {"authorization", "Bearer secret"};
    try (TestingServer limited =
        TestingServer.ready(
            Duration.ofMillis(20),
            AdmissionLimits.DEFAULT,
            List.of(acme()),
            Map.of("acme", limits))) {
      String stream = chat(900, ",\"stream\":true");
      try (Socket running =
          limited.open("/v1/chat/completions", stream, "authorization: Bearer secret")) {
        TestingServer.readUntil(running, "w0");
        assertThat(limited.post("/v1/chat/completions", chat(1, ""), key).statusCode())
            .isEqualTo(429);
      }
      limited.await(() -> limited.server.inFlight() == 0);
      assertThat(limited.post("/v1/chat/completions", chat(1, ""), key).statusCode())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEngineThatFailsBeforeItsFirstTokenIsReplacedWithoutTheClientNoticing(boolean stream)
      throws Exception {
    String body = chat(2, ",\"stream\":" + stream).replace("\"auto\"", "\"both\"");
    try (TestingServer two = TestingServer.ready(Duration.ZERO)) {
      var better = two.post("/v1/chat/completions", body);
      assertThat(better.headers().firstValue("x-gearbox-variant")).contains(TestingServer.LARGE);
      two.large.broken = true;

      var answer = two.post("/v1/chat/completions", body);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-gearbox-variant")).contains(TestingServer.VARIANT);
      assertThat(answer.body()).contains(" w1").doesNotContain("\"error\"");
      two.await(() -> two.server.inFlight() == 0);

      two.engine.broken = true;
      var nobody = two.post("/v1/chat/completions", body);
      assertThat(nobody.statusCode()).isEqualTo(502);
      two.await(() -> two.server.inFlight() == 0);
    }
  }

  @Test
  void aHedgedRequestIsAnsweredByWhoeverSpeaksFirst() throws Exception {
    String body = chat(2, ",\"stream\":true").replace("\"auto\"", "\"both\"");
    try (TestingServer two = TestingServer.ready(Duration.ZERO)) {
      two.large.silent = true;

      var answer = two.post("/v1/chat/completions", body, "x-slo-class", "hedged");

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-gearbox-variant")).contains(TestingServer.VARIANT);
      assertThat(answer.body()).contains(" w1").contains("[DONE]").doesNotContain("\"error\"");
      two.await(() -> two.server.inFlight() == 0 && two.large.running.get() == 0);
    }
  }

  @ParameterizedTest
  @CsvSource({"true,1", "false,1", "true,2"})
  void whereTheClassWantsItAnotherEngineGoesOnWithAnAnswerThatHasBegun(boolean stream, int n)
      throws Exception {
    String more =
        ",\"n\":%d,\"stream\":%s,\"stream_options\":{\"include_usage\":true},\"return_token_ids\":true"
            .formatted(n, stream);
    String body = chat(9, more).replace("\"auto\"", "\"both\"");
    try (TestingServer two = TestingServer.ready(Duration.ZERO)) {
      two.large.failsAfter = 3;

      var answer = two.post("/v1/chat/completions", body, "x-slo-class", "rescued");

      assertThat(answer.body()).doesNotContain("\"error\"");
      JsonNode last = stream ? chunks(answer.body()).getLast() : json(answer.body());
      assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(9 * n);
      assertThat(last.at("/usage/prompt_tokens").asInt()).isEqualTo(1);
      assertThat(last.at("/usage/rescues").asInt()).isEqualTo(1);
      assertThat(answer.body().split("w5", -1))
          .as("what was told is not told again")
          .hasSize(n + 1);
      if (!stream) {
        assertThat(last.at("/choices/0/message/content").asString())
            .isEqualTo(" w0 w1 w2 w0 w1 w2 w3 w4 w5");
        assertThat(last.at("/choices/0/token_ids")).hasSize(9);
      }
      two.await(() -> two.server.inFlight() == 0);
      JsonNode made = two.lastDecision();
      assertThat(made.get("chosen").asString()).isEqualTo(two.large.capabilities().engine());
      assertThat(made.at("/actual/begunBy/0").asString()).isEqualTo(made.get("chosen").asString());
      assertThat(made.at("/actual/engine").asString())
          .isEqualTo(two.engine.capabilities().engine());
      assertThat(two.metrics()).contains("gearbox_rescues_total{pool=\"pool\",} 1.0");

      two.engine.failsAfter = 2;
      var lost = two.post("/v1/chat/completions", body, "x-slo-class", "rescued");
      assertThat(lost.body()).contains("\"error\"").doesNotContain("[DONE]");
    }
  }

  @Test
  void anAnswerThatWouldMissItsDeadlineGoesOnWhereItKeepsIt() throws Exception {
    String body = chat(300, ",\"ignore_eos\":true,\"stream\":true").replace("\"auto\"", "\"both\"");
    try (TestingServer two = TestingServer.ready(Duration.ZERO)) {
      two.large.pace = Duration.ofMillis(100);

      var answer =
          two.post(
              "/v1/chat/completions", body, "x-slo-class", "rescued", "x-slo-deadline-ms", "20000");

      assertThat(answer.headers().firstValue("x-gearbox-variant")).contains(TestingServer.LARGE);
      assertThat(answer.body()).contains("[DONE]").doesNotContain("\"error\"");
      assertThat(answer.body().split("\"content\":\" w", -1)).hasSize(301);
      two.await(() -> two.server.inFlight() == 0 && two.large.running.get() == 0);
      assertThat(two.large.emitted.get()).isBetween(16, 250);
    }
  }

  @Test
  void aStepThatFailsEndsItsStreamsInAnErrorEventAndTheEngineServesOn() throws Exception {
    try (TestingServer other = TestingServer.ready(Duration.ZERO)) {
      other.engine.failsAfter = 3;
      String body = other.post("/v1/chat/completions", chat(9, ",\"stream\":true")).body();
      assertThat(body).contains(" w2").contains("\"error\"").contains("the model's step failed");
      assertThat(body).doesNotContain("[DONE]");
      other.await(() -> other.server.inFlight() == 0);
      assertThat(other.post("/v1/chat/completions", chat(2, "")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void tenantsNeedTheirKey() throws Exception {
    var tenant = acme();
    try (TestingServer closed =
        TestingServer.ready(Duration.ZERO, AdmissionLimits.DEFAULT, List.of(tenant))) {
      String body = chat(1, "");
      assertThat(closed.post("/v1/chat/completions", body).statusCode()).isEqualTo(401);
      for (String wrong : List.of("Bearer wrong", "Basic secret", "secret", "Bearer ")) {
        assertThat(closed.post("/v1/chat/completions", body, "authorization", wrong).statusCode())
            .isEqualTo(401);
      }
      assertThat(
              closed
                  .post("/v1/chat/completions", body, "authorization", "bEARER secret")
                  .statusCode())
          .isEqualTo(200);
      assertThat(closed.send("GET", "/v1/models").statusCode()).isEqualTo(401);
      assertThat(closed.send("GET", "/health").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void decisionsAreListedNewestFirstAndBounded() throws Exception {
    server.post("/v1/chat/completions", chat(1, ""));
    HttpResponse<String> last = server.post("/v1/chat/completions", chat(1, ""));

    JsonNode list = json(server.send("GET", "/v1/decisions?limit=1&class=standard").body());

    assertThat(list.get("data").size()).isEqualTo(1);
    assertThat(list.at("/data/0/id").asString())
        .isEqualTo(last.headers().firstValue("x-gearbox-decision-id").orElseThrow());
    assertThat(list.get("has_more").asBoolean()).isTrue();
    assertThat(json(server.send("GET", "/v1/decisions?class=none").body()).get("data")).isEmpty();
    assertThat(json(server.send("GET", "/v1/decisions?variant=none").body()).get("data")).isEmpty();
    for (String limit : List.of("0", "101", "many")) {
      assertThat(server.send("GET", "/v1/decisions?limit=" + limit).statusCode()).isEqualTo(400);
    }
  }

  @Test
  void aQuoteSaysWhatCouldBePromisedAndRunsNothing() throws Exception {
    HttpResponse<String> answer =
        server.post("/v1/slo/quote", chat(1, ""), "x-slo-min-quality", "0.95");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode quote = json(answer.body());
    assertThat(quote.at("/candidates/0/ttft_ms").isNumber()).isTrue();
    assertThat(quote.at("/candidates/0/quality").asDouble()).isEqualTo(0.9);
    assertThat(quote.at("/candidates/0/excluded_by").asString()).isEqualTo("built-in");
    assertThat(quote.get("chosen").isNull()).isTrue();
    assertThat(quote.get("valid_for_ms").asInt()).isBetween(0, 1000);
  }
}
