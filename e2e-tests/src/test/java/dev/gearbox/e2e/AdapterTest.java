package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** LoRA adapters: configured, loaded and unloaded while requests run, asked for by their names. */
@Tag("weights")
class AdapterTest {
  @TempDir static Path folder;
  private static GearboxProcess gearbox;
  private static Path lora;

  @BeforeAll
  static void start() throws Exception {
    lora = adapter("house.gguf", 1);
    Path config =
        Files.writeString(
            folder.resolve("gearbox.yaml"),
            """
            gearbox:
              models:
                - {name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1, house]}
              pools:
                - name: cpu
                  variants: [smollm2-135m-q4_1]
                  device: cpu-simd
                  adapters: [{name: house, weights: "file:house.gguf"}]
                  max-loras: 2
                  max-lora-rank: 16
            """);
    gearbox = GearboxProcess.serve("--config", config.toString());
    gearbox.awaitVariants(Shared.SMALL, "house");
  }

  @AfterAll
  static void stop() throws IOException {
    gearbox.close();
  }

  private static Path adapter(String name, int seed, String... more) throws Exception {
    Path path = folder.resolve(name);
    var command =
        Stream.concat(
                Stream.of(
                    "python3",
                    GearboxProcess.ROOT.resolve("e2e-tests/compare/random_lora.py").toString(),
                    path.toString(),
                    "--seed",
                    Integer.toString(seed)),
                Stream.of(more))
            .toList();
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    return path;
  }

  @Test
  void adapterIsAVariantOfItsBase() throws Exception {
    JsonNode model = parsed(gearbox.get("/v1/models/house").body());
    assertThat(model.get("parent").asString()).isEqualTo(Shared.SMALL);
    assertThat(model.at("/techniques/0").asString()).isEqualTo("adapter");
    assertThat(model.get("quality").isNull()).isTrue();
    assertThat(model.at("/status/value").asString()).isEqualTo("loaded");
    HttpResponse<String> answer = ask("house");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-gearbox-variant")).hasValue("house");
    assertThat(answer.headers().firstValue("x-gearbox-pool")).hasValue("cpu");
    assertThat(text(answer)).isNotEqualTo(text(ask(Shared.SMALL)));
    assertThat(gearbox.metric("vllm:lora_requests_info", "max_lora=\"2\"")).isPositive();
  }

  @Test
  void policySeesTheAdapterAsACandidateOfItsModel() throws Exception {
    JsonNode preview = parsed(gearbox.post("/v1/decisions/preview", body("auto")).body());
    List<String> engines =
        preview
            .at("/candidates")
            .valueStream()
            .map(each -> each.at("/facts/engine").asString())
            .toList();
    assertThat(engines).contains("cpu/smollm2-135m-q4_1", "cpu/smollm2-135m-q4_1+house");
  }

  @Test
  void adapterIsLoadedAndUnloadedUnderLoadAndNobodyElseNotices() throws Exception {
    Path second = adapter("second.gguf", 2);
    String alone = text(ask(Shared.SMALL));
    AtomicBoolean stop = new AtomicBoolean();
    Queue<HttpResponse<String>> answers = new ConcurrentLinkedQueue<>();
    List<CompletableFuture<Void>> load =
        Stream.of(Shared.SMALL, "house").map(model -> clients(model, stop, answers)).toList();

    for (int round = 0; round < 3; round++) {
      HttpResponse<String> loaded = load("second", second);
      assertThat(loaded.body()).isEqualTo("Success: LoRA adapter 'second' added successfully.");
      assertThat(loaded.statusCode()).isEqualTo(200);
      assertThat(load("second", second).statusCode()).isEqualTo(400);
      HttpResponse<String> answer = ask("second");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(text(answer)).isNotEqualTo(alone);
      assertThat(load("third", second).body()).contains("max-loras is 2");
      assertThat(unload("second").body())
          .isEqualTo("Success: LoRA adapter 'second' removed successfully.");
      assertThat(ask("second").statusCode()).isEqualTo(404);
    }
    stop.set(true);
    load.forEach(CompletableFuture::join);

    assertThat(answers).isNotEmpty().allMatch(answer -> answer.statusCode() == 200);
    assertThat(
            answers.stream()
                .filter(a ->
                    a.headers().firstValue("x-gearbox-variant").orElse("").equals(Shared.SMALL)))
        .isNotEmpty()
        .allMatch(answer -> text(answer).equals(alone));
  }

  @Test
  void whatIsNoAdapterOfThisModelIsRefusedWithTheReason() throws Exception {
    assertThat(gearbox.postAdmin("/v1/load_lora_adapter", "{\"lora_name\":\"x\"}").body())
        .contains("Both 'lora_name' and 'lora_path' must be provided.");
    refused(400, "x", folder.resolve("gearbox.yaml"), "GGUF");
    refused(404, "x", folder.resolve("nowhere.gguf"), "there is no file");
    refused(400, "auto", lora, "conflicts with a served model");
    refused(400, "a+b", lora, "letters, digits");
    refused(400, "x", adapter("wide.gguf", 3, "--rank", "17"), "max-lora-rank is 16");
    HttpResponse<String> unknown = unload("nobody");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(unknown.body()).contains("The lora adapter 'nobody' cannot be found.");
    assertThat(gearbox.post("/v1/load_lora_adapter", "{}").statusCode()).isEqualTo(404);
  }

  private static void refused(int status, String name, Path path, String reason) throws Exception {
    HttpResponse<String> answer = load(name, path);
    assertThat(answer.body()).contains(reason);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(parsed(answer.body()).at("/error/message").asString()).isNotEmpty();
  }

  private static HttpResponse<String> load(String name, Path path) throws Exception {
    return gearbox.postAdmin(
        "/v1/load_lora_adapter",
        "{\"lora_name\":\"%s\",\"lora_path\":\"%s\"}".formatted(name, path));
  }

  private static HttpResponse<String> unload(String name) throws Exception {
    return gearbox.postAdmin("/v1/unload_lora_adapter", "{\"lora_name\":\"%s\"}".formatted(name));
  }

  private static CompletableFuture<Void> clients(
      String model, AtomicBoolean stop, Queue<HttpResponse<String>> answers) {
    return CompletableFuture.runAsync(() -> {
      while (!stop.get()) {
        try {
          answers.add(ask(model));
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    });
  }

  private static HttpResponse<String> ask(String model) throws Exception {
    return gearbox.post("/v1/chat/completions", body(model));
  }

  private static String body(String model) {
    return "{\"model\":\"%s\",\"max_tokens\":12,\"temperature\":0,\"ignore_eos\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Name a river.\"}]}"
        .formatted(model);
  }

  private static String text(HttpResponse<String> answer) {
    return parsed(answer.body()).at("/choices/0/message/content").asString();
  }

  private static JsonNode parsed(String text) {
    return JsonMapper.shared().readTree(text);
  }
}
