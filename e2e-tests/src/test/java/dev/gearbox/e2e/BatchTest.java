package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.HttpResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Files of requests by the official client, through the real line with engines that compute
 * nothing. One gateway serves all tests that do not harm it; tests ask it as tenants of their own.
 */
class BatchTest {
  private static final Duration SOON = Duration.ofMinutes(2);

  // The SHA-256 of a, b, … as keys.
  private static final String TENANTS =
      """
        security: {api-keys: optional}
        tenants:
          - {name: a, keys: ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"]}
          - {name: b, keys: ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]}
          - {name: c, keys: ["sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"]}
          - {name: d, keys: ["sha256:18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"]}
          - {name: e, keys: ["sha256:3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea"]}
      """;

  @TempDir static Path common;
  private static GearboxProcess gateway;
  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    gateway = gateway(config(common, TENANTS), 200);
  }

  @AfterAll
  static void stop() throws Exception {
    gateway.close();
  }

  private static Path config(Path folder, String more) throws Exception {
    Path file = folder.resolve("gearbox.yaml");
    Files.writeString(
        file,
        """
        gearbox:
          models: [{name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}]
          pools: [{name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd, max-sequences: 32}]
          batches: {directory: batches, in-flight: 8}
        %s
        """
            .formatted(more));
    return file;
  }

  private static GearboxProcess gateway(Path config, int delay) throws Exception {
    return GearboxProcess.rehearse("--config", config.toString(), "--delay-ms", "" + delay)
        .awaitVariants(Shared.SMALL);
  }

  private static OpenAIClient client(GearboxProcess gateway, String key) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(gateway.uri("/v1").toString())
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  private static String line(String id, String body) {
    return """
    {"custom_id":"%s","method":"POST","url":"/v1/chat/completions","body":%s}\
    """
        .formatted(id, body);
  }

  private static String chat(String model) {
    return """
    {"model":"%s","max_tokens":8,"messages":[{"role":"user","content":"hi"}]}\
    """
        .formatted(model);
  }

  private FileObject upload(OpenAIClient client, List<String> lines) throws Exception {
    Path file = folder.resolve("requests.jsonl");
    Files.write(file, lines);
    return client
        .files()
        .create(FileCreateParams.builder().file(file).purpose(FilePurpose.BATCH).build());
  }

  private static Batch create(OpenAIClient client, FileObject file) {
    return client
        .batches()
        .create(
            BatchCreateParams.builder()
                .inputFileId(file.id())
                .endpoint(BatchCreateParams.Endpoint.V1_CHAT_COMPLETIONS)
                .completionWindow(BatchCreateParams.CompletionWindow._24H)
                .build());
  }

  private static Batch await(OpenAIClient client, String id, Predicate<Batch> until)
      throws Exception {
    long deadline = System.nanoTime() + SOON.toNanos();
    while (true) {
      Batch batch = client.batches().retrieve(id);
      if (until.test(batch)) {
        return batch;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the batch stays as it is: " + batch);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static boolean over(Batch batch) {
    return List.of("completed", "failed", "expired", "cancelled")
        .contains(batch.status().asString());
  }

  private static List<JsonNode> lines(OpenAIClient client, String file) throws Exception {
    try (HttpResponse content = client.files().content(file)) {
      String text =
          new String(content.body().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      List<JsonNode> lines = new ArrayList<>();
      text.lines().forEach(line -> lines.add(JsonMapper.shared().readTree(line)));
      return lines;
    }
  }

  @Test
  void aBatchIsCompleteThoughItsGatewayIsKilledInTheMiddle() throws Exception {
    survives(config(folder, ""));
  }

  @Test
  void aBatchFlowsThroughKafkaWhereThereIsOne() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      survives(
          config(
              folder,
              "  kafka: {bootstrap-servers: \"%s\", instance: one}".formatted(broker.servers())));

      try (var results = client.reader("gearbox.results");
          var dead = client.reader("gearbox.dead-letters")) {
        results.await(402, SOON);
        results.readFor(Duration.ofSeconds(1));
        dead.readFor(Duration.ofSeconds(1));
        // 400 answers, and two that the API refuses; what was sent again after the kill is no news.
        assertThat(results.records).hasSize(402);
        assertThat(dead.records).hasSize(2);
      }
    }
  }

  @Test
  void aBatchThatIsThereBeforeTheTopicsIsAnsweredWhenTheyAre() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start(Map.of("auto.create.topics.enable", "false"));
        GearboxProcess gateway =
            gateway(
                config(
                    folder,
                    "  kafka: {bootstrap-servers: \"%s\", instance: one, create-topics: false}"
                        .formatted(broker.servers())),
                1)) {
      OpenAIClient client = client(gateway, "none");
      FileObject file = upload(client, List.of(line("c-1", chat("auto"))));
      String id = create(client, file).id();
      await(client, id, batch -> batch.status().asString().equals("in_progress"));
      // Long enough to look for results in vain.
      TimeUnit.SECONDS.sleep(2);

      for (String topic : List.of("requests", "results", "dead-letters", "retries")) {
        broker.topic("gearbox." + topic, 4, Map.of());
      }

      Batch batch = await(client, id, BatchTest::over);
      assertThat(batch.status().asString()).isEqualTo("completed");
      assertThat(batch.requestCounts().orElseThrow().completed()).isEqualTo(1);
    }
  }

  private void survives(Path config) throws Exception {
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      requests.add(line("c-" + i, chat("auto")));
    }
    requests.add(100, "{\"custom_id\": \"torn\", \"method\": ");
    requests.add(200, line("c-7", chat("auto")));
    requests.add(300, line("nobody", chat("nobody")));
    requests.add(350, line("field", "{\"model\":\"auto\",\"messages\":[]}"));
    requests.add(380, line("later", chat("auto")).replace("/v1/", "/v2/"));
    String id;
    GearboxProcess first = gateway(config, 100);
    OpenAIClient before = client(first, "none");
    FileObject file = upload(before, requests);
    assertThat(file.filename()).isEqualTo("requests.jsonl");
    assertThat(file.bytes()).isEqualTo(Files.size(folder.resolve("requests.jsonl")));
    id = create(before, file).id();
    await(before, id, batch -> batch.requestCounts().orElseThrow().completed() > 60);
    first.kill();
    try (GearboxProcess second = gateway(config, 20)) {
      OpenAIClient client = client(second, "none");
      Batch batch = await(client, id, BatchTest::over);

      assertThat(batch.status().asString()).isEqualTo("completed");
      assertThat(batch.requestCounts().orElseThrow().total()).isEqualTo(405);
      assertThat(batch.requestCounts().orElseThrow().completed()).isEqualTo(400);
      assertThat(batch.requestCounts().orElseThrow().failed()).isEqualTo(5);
      List<JsonNode> answers = lines(client, batch.outputFileId().orElseThrow());
      assertThat(answers).hasSize(400);
      assertThat(answers.stream().map(each -> each.get("custom_id").asString()).distinct())
          .hasSize(400);
      assertThat(answers)
          .allMatch(each -> each.at("/response/status_code").asInt() == 200)
          .allMatch(each -> each.get("error").isNull())
          .allMatch(each ->
              each.at("/response/body/choices/0/message/content").asString().startsWith("word"));
      List<JsonNode> errors = lines(client, batch.errorFileId().orElseThrow());
      assertThat(errors.stream().map(each -> each.at("/error/code").asString("")))
          .contains("invalid_request_error", "duplicate_custom_id");
      assertThat(errors.stream().map(each -> each.get("custom_id").asString("")))
          .containsExactlyInAnyOrder("", "c-7", "nobody", "field", "later");
      assertThat(errors.stream().map(each -> each.at("/response/status_code").asInt(0)))
          .contains(404, 400);
      double good = second.metric("gearbox_batch_lines_total", "outcome=\"completed\"");
      assertThat(good).isBetween(1.0, 340.0);
      assertThat(second.metric("gearbox_batches_running")).isZero();
      assertThat(client.batches().list().data()).hasSize(1);
      assertThat(client.files().list().data()).hasSize(3);
      assertThat(client.files().delete(batch.inputFileId()).deleted()).isTrue();
      assertThatThrownBy(() -> client.files().retrieve(batch.inputFileId()))
          .isInstanceOf(NotFoundException.class);
    }
  }

  @Test
  void aFileThatIsNoneOfRequestsFailsItsBatchWithAReason() throws Exception {
    OpenAIClient client = client(gateway, "a");
    Batch nonsense =
        await(
            client,
            create(client, upload(client, List.of("just", "text", "\0\u0001\u00ff"))).id(),
            BatchTest::over);
    Batch empty =
        await(client, create(client, upload(client, List.of("", ""))).id(), BatchTest::over);

    assertThat(nonsense.status().asString()).isEqualTo("failed");
    assertThat(nonsense.errors().orElseThrow().data().orElseThrow().getFirst().code())
        .contains("invalid_file");
    assertThat(empty.errors().orElseThrow().data().orElseThrow().getFirst().code())
        .contains("empty_file");
    for (String[] wrong :
        new String[][] {
          {"endpoint", "/v2/chat/completions", "endpoint"},
          {"completion_window", "soon", "completion_window"},
          {"input_file_id", "file-none", "input_file_id"}
        }) {
      String file = nonsense.inputFileId();
      String body =
          """
          {"input_file_id":"%s","endpoint":"/v1/chat/completions","completion_window":"24h","%s":"%s"}\
          """
              .formatted(file, wrong[0], wrong[1]);
      // The last of equal names would win; ours is refused as a body with two.
      String json = body.replaceFirst("\"" + wrong[0] + "\":\"[^\"]*\",", "");
      var answer = gateway.post("/v1/batches", json, "authorization", "Bearer a");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(answer.body()).contains("\"param\":\"" + wrong[2] + "\"");
    }
  }

  @Test
  void aBatchIsCancelledWhereItStands() throws Exception {
    OpenAIClient client = client(gateway, "b");
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      requests.add(line("c-" + i, chat("auto")));
    }
    String id = create(client, upload(client, requests)).id();
    await(client, id, batch -> batch.requestCounts().orElseThrow().completed() > 30);
    assertThat(gateway.metric("gearbox_batches_running")).isPositive();
    assertThat(gateway.metric("gearbox_batch_age_seconds")).isNotNegative();

    assertThat(client.batches().cancel(id).status().asString()).isIn("cancelling", "cancelled");
    Batch batch = await(client, id, BatchTest::over);
    assertThat(batch.status().asString()).isEqualTo("cancelled");
    long completed = batch.requestCounts().orElseThrow().completed();
    assertThat(lines(client, batch.outputFileId().orElseThrow())).hasSize((int) completed);
    assertThat(completed).isLessThan(2000);
  }

  @Test
  void whatIsNotDoneWhenABatchExpiresIsInItsErrorFile() throws Exception {
    OpenAIClient client = client(gateway, "c");
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      requests.add(line("c-" + i, chat("auto")));
    }
    String file = upload(client, requests).id();
    var created =
        gateway.post(
            "/v1/batches",
            """
            {"input_file_id":"%s","endpoint":"/v1/chat/completions","completion_window":"3s","metadata":{"k":"v"}}\
            """
                .formatted(file),
            "authorization",
            "Bearer c");
    String id = JsonMapper.shared().readTree(created.body()).get("id").asString();
    Batch batch = await(client, id, BatchTest::over);

    assertThat(batch.status().asString()).isEqualTo("expired");
    int good =
        batch.outputFileId().isPresent() ? lines(client, batch.outputFileId().get()).size() : 0;
    List<JsonNode> late = lines(client, batch.errorFileId().orElseThrow());
    assertThat(good + late.size()).isEqualTo(2000);
    assertThat(late.stream().map(each -> each.at("/error/code").asString("")))
        .contains("batch_expired");
  }

  @Test
  void tenantsSeeTheirOwnAlone() throws Exception {
    OpenAIClient acme = client(gateway, "d");
    OpenAIClient bond = client(gateway, "e");
    FileObject file = upload(acme, List.of(line("c-1", chat("auto"))));
    Batch batch = await(acme, create(acme, file).id(), BatchTest::over);

    assertThat(batch.status().asString()).isEqualTo("completed");
    assertThat(bond.files().list().data()).isEmpty();
    assertThat(bond.batches().list().data()).isEmpty();
    assertThatThrownBy(() -> bond.files().retrieve(file.id()))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> bond.files().content(batch.outputFileId().orElseThrow()))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> bond.files().delete(file.id())).isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> bond.batches().retrieve(batch.id()))
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> bond.batches().cancel(batch.id()))
        .isInstanceOf(NotFoundException.class);
  }
}
