package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Real variants with real tokenizers: the reference reads what the small one answered. */
@Tag("weights")
class QualityAuditTest {
  private static final String QUESTION = "Why do cats purr, and is it true of Saskatoon's?";

  @TempDir private Path folder;

  @Test
  void theReferenceFindsAnswersOfTheSmallVariantLessLikelyAndNothingOfThemIsLogged()
      throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("gearbox.yaml"),
            Files.readString(Path.of("src/test/resources/two-variants.yaml"))
                + "  policy: {audit: {sample: 1}}\n");
    try (GearboxProcess gearbox = GearboxProcess.serve("--config", config.toString())) {
      gearbox.awaitVariants(Shared.SMALL, Shared.LARGE);
      var answer =
          gearbox.post(
              "/v1/chat/completions",
              """
              {"model":"%s","max_tokens":60,"temperature":1,"seed":1,
               "messages":[{"role":"user","content":"%s"}]}\
              """
                  .formatted(Shared.SMALL, QUESTION));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      String text =
          JsonMapper.shared().readTree(answer.body()).at("/choices/0/message/content").asString();

      JsonNode found = audited(gearbox);
      assertThat(found.get("variant").asString()).isEqualTo(Shared.SMALL);
      assertThat(found.get("reference").asString()).isEqualTo(Shared.LARGE);
      assertThat(found.get("answers").asInt()).isEqualTo(1);
      assertThat(found.get("gap").asDouble()).isBetween(0.0, 10.0).isPositive();
      assertThat(found.get("kl").asDouble()).isEqualTo(found.get("gap").asDouble());
      assertThat(found.get("limit").asDouble()).isPositive();
      assertThat(gearbox.metric("gearbox_audit_gap_nats_per_byte", Shared.SMALL)).isPositive();
      assertThat(gearbox.output())
          .doesNotContain("Saskatoon", text.substring(0, Math.min(20, text.length())));
      assertThat(gearbox.admin("/admin/policy/audit").body()).doesNotContain("Saskatoon");
    }
  }

  private static JsonNode audited(GearboxProcess gearbox) throws Exception {
    for (int i = 0; i < 1200; i++) {
      JsonNode first =
          JsonMapper.shared()
              .readTree(gearbox.admin("/admin/policy/audit").body())
              .at("/variants/0");
      if (first.path("answers").asInt() > 0) {
        return first;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new AssertionError("no audit came to an end:\n" + gearbox.admin("/metrics").body());
  }
}
