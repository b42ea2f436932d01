package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A rule file is edited while requests run: none fails, and the next decision goes by it. */
@Tag("weights")
class RuleChangeTest {
  private static final String CHAT =
      "{\"model\":\"auto\",\"max_tokens\":6,\"ignore_eos\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path folder;

  @Test
  void aRuleChangeUnderLoadFailsNoRequestAndABrokenOneChangesNothing() throws Exception {
    Path rules = Files.writeString(folder.resolve("house.csv"), cap(4));
    Path config =
        Files.writeString(
            folder.resolve("gearbox.yaml"),
            """
            gearbox:
              models:
                - {name: auto, reference: smollm2-135m-q4_1, variants: [smollm2-135m-q4_1]}
              pools:
                - {name: cpu, variants: [smollm2-135m-q4_1], device: cpu-simd}
              policy: {rules: ["classpath:policy/default.drl", "file:*.csv"]}
            """);
    try (GearboxProcess gearbox = GearboxProcess.serve("--config", config.toString())) {
      gearbox.awaitVariants(Shared.SMALL);
      String first = version(gearbox);
      AtomicBoolean stop = new AtomicBoolean();
      Queue<HttpResponse<String>> answers = new ConcurrentLinkedQueue<>();
      List<CompletableFuture<Void>> load =
          Stream.generate(() -> clients(gearbox, stop, answers)).limit(2).toList();

      Files.writeString(rules, cap(2));
      await(() -> !version(gearbox).equals(first));
      String second = version(gearbox);
      Files.writeString(rules, "model,then cap tokens\nauto,many\n");
      await(() -> gearbox.metric("gearbox_policy_reload_failed") == 1);
      HttpResponse<String> last = gearbox.post("/v1/chat/completions", CHAT);
      stop.set(true);
      load.forEach(CompletableFuture::join);

      assertThat(answers).isNotEmpty().allMatch(answer -> answer.statusCode() == 200);
      assertThat(tokens(answers.peek())).isEqualTo(4);
      assertThat(tokens(last)).isEqualTo(2);
      assertThat(version(gearbox)).isEqualTo(second);
      assertThat(gearbox.metric("gearbox_policy_info", second)).isEqualTo(1);
      JsonNode policy = parsed(gearbox.admin("/admin/policy").body());
      assertThat(policy.at("/last_change/problems/0/file").asString()).endsWith("house.csv");
      assertThat(policy.at("/last_change/problems/0/line").asInt()).isEqualTo(2);
      assertThat(policy.at("/last_change/problems/0/message").asString()).contains("many");
      assertThat(answers.stream().map(answer -> recorded(gearbox, answer)).distinct())
          .isSubsetOf(first, second)
          .contains(first);
    }
  }

  private static CompletableFuture<Void> clients(
      GearboxProcess gearbox, AtomicBoolean stop, Queue<HttpResponse<String>> answers) {
    return CompletableFuture.runAsync(() -> {
      while (!stop.get()) {
        try {
          answers.add(gearbox.post("/v1/chat/completions", CHAT));
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    });
  }

  private static String cap(int tokens) {
    return "rule,model,then cap tokens\nshort answers,auto," + tokens + "\n";
  }

  private static String version(GearboxProcess gearbox) throws Exception {
    return parsed(gearbox.admin("/admin/policy").body()).get("version").asString();
  }

  private static String recorded(GearboxProcess gearbox, HttpResponse<String> answer) {
    try {
      String id = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
      return parsed(gearbox.get("/v1/decisions/" + id).body()).get("policyVersion").asString();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static int tokens(HttpResponse<String> answer) {
    return parsed(answer.body()).at("/usage/completion_tokens").asInt();
  }

  private static JsonNode parsed(String text) {
    return JsonMapper.shared().readTree(text);
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("it did not come within a minute").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }
}
