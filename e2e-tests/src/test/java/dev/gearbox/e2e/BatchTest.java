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
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Files of requests by the official client, through the real line with engines that compute
 * nothing.
 */
class BatchTest {
  private static final Duration SOON = Duration.ofMinutes(2);
  @TempDir private Path folder;

  private Path config(String more) throws Exception {
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
    survives(config(""));
  }

  @Test
  void aBatchFlowsThroughKafkaWhereThereIsOne() throws Exception {
    try (KafkaBroker broker = KafkaBroker.start();
        KafkaClient client = new KafkaClient(broker.servers())) {
      survives(
          config(
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

  private void survives(Path config) throws Exception {
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      requests.add(line("c-" + i, chat("auto")));
    }
    requests.add(100, "{\"custom_id\": \"torn\", \"method\": ");
    requests.add(200, line("c-7", chat("auto")));
    requests.add(300, line("nobody", chat("nobody")));
    requests.add(350, line("field", "{\"model\":\"auto\",\"messages\":[]}"));
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
      assertThat(batch.requestCounts().orElseThrow().total()).isEqualTo(404);
      assertThat(batch.requestCounts().orElseThrow().completed()).isEqualTo(400);
      assertThat(batch.requestCounts().orElseThrow().failed()).isEqualTo(4);
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
          .contains("c-7", "nobody", "field");
      assertThat(errors.stream().map(each -> each.at("/response/status_code").asInt(0)))
          .contains(404, 400);
      assertThat(client.batches().list().data()).hasSize(1);
      assertThat(client.files().list().data()).hasSize(3);
      assertThat(client.files().delete(batch.inputFileId()).deleted()).isTrue();
      assertThatThrownBy(() -> client.files().retrieve(batch.inputFileId()))
          .isInstanceOf(NotFoundException.class);
    }
  }

  @Test
  void aFileThatIsNoneOfRequestsFailsItsBatchWithAReason() throws Exception {
    try (GearboxProcess gateway = gateway(config(""), 1)) {
      OpenAIClient client = client(gateway, "none");
      Batch nonsense =
          await(
              client,
              create(client, upload(client, List.of("just", "text"))).id(),
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
        var answer = gateway.post("/v1/batches", json);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"" + wrong[2] + "\"");
      }
    }
  }

  @Test
  void aBatchIsCancelledWhereItStands() throws Exception {
    try (GearboxProcess gateway = gateway(config(""), 200)) {
      OpenAIClient client = client(gateway, "none");
      List<String> requests = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        requests.add(line("c-" + i, chat("auto")));
      }
      String id = create(client, upload(client, requests)).id();
      await(client, id, batch -> batch.requestCounts().orElseThrow().completed() > 30);

      assertThat(client.batches().cancel(id).status().asString()).isIn("cancelling", "cancelled");
      Batch batch = await(client, id, BatchTest::over);
      assertThat(batch.status().asString()).isEqualTo("cancelled");
      long completed = batch.requestCounts().orElseThrow().completed();
      assertThat(lines(client, batch.outputFileId().orElseThrow())).hasSize((int) completed);
      assertThat(completed).isLessThan(2000);
    }
  }

  @Test
  void whatIsNotDoneWhenABatchExpiresIsInItsErrorFile() throws Exception {
    try (GearboxProcess gateway = gateway(config(""), 1000)) {
      OpenAIClient client = client(gateway, "none");
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
                  .formatted(file));
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
  }

  @Test
  void tenantsSeeTheirOwnAlone() throws Exception {
    // printf %s secret | sha256sum, and the same of "other"
    String tenants =
        """
          security: {api-keys: optional}
          tenants:
            - {name: acme, keys: ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"]}
            - {name: bond, keys: ["sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"]}
        """
            .indent(0);
    try (GearboxProcess gateway = gateway(config("  " + tenants.strip()), 1)) {
      OpenAIClient acme = client(gateway, "secret");
      OpenAIClient bond = client(gateway, "other");
      FileObject file = upload(acme, List.of(line("c-1", chat("auto"))));
      Batch batch = await(acme, create(acme, file).id(), BatchTest::over);

      assertThat(batch.status().asString()).isEqualTo("completed");
      assertThat(bond.files().list().data()).isEmpty();
      assertThat(bond.batches().list().data()).isEmpty();
      assertThatThrownBy(() -> bond.files().retrieve(file.id()))
          .isInstanceOf(NotFoundException.class);
      assertThatThrownBy(() -> bond.files().content(batch.outputFileId().orElseThrow()))
          .isInstanceOf(NotFoundException.class);
      assertThatThrownBy(() -> bond.files().delete(file.id()))
          .isInstanceOf(NotFoundException.class);
      assertThatThrownBy(() -> bond.batches().retrieve(batch.id()))
          .isInstanceOf(NotFoundException.class);
      assertThatThrownBy(() -> bond.batches().cancel(batch.id()))
          .isInstanceOf(NotFoundException.class);
    }
  }
}
