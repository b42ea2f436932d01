package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Targets move the gear, and the record says why. */
@Tag("weights")
class DecisionTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String QUESTION =
      """
      {"model":"auto","max_tokens":4,"messages":[{"role":"user","content":"%s"}]}\
      """
          .formatted("Say something about the number one. ".repeat(30));

  @Test
  void withoutTargetsAnIdleMachineAnswersWithItsBest() throws Exception {
    assertThat(variant(askWhenIdle())).isEqualTo(Shared.LARGE);
  }

  @Test
  void aQualityFloorKeepsTheSmallVariantOut() throws Exception {
    var answer = ask("x-slo-min-quality", "0.99");

    assertThat(variant(answer)).isEqualTo(Shared.LARGE);
    JsonNode small = candidate(record(answer), Shared.SMALL);
    assertThat(small.get("excluded").isNull()).isFalse();
    assertThat(record(answer).get("rules").toString()).contains("quality floor", "0.99");
  }

  @Test
  void aTightTimeToFirstTokenPicksTheSmallVariant() throws Exception {
    // Asked of this machine as it is, so that the test holds on a slow one as on a fast one.
    JsonNode preview = JSON.readTree(post("/v1/decisions/preview").body());
    double small = ttft(preview, Shared.SMALL);
    double large = ttft(preview, Shared.LARGE);
    assertThat(small).isLessThan(large);

    var answer =
        ask(
            "x-slo-ttft-ms",
            Long.toString(Math.max(1, Math.round(1000 * Math.sqrt(small * large)))));

    assertThat(variant(answer)).isEqualTo(Shared.SMALL);
  }

  @Test
  void whatNobodyCanMeetIsRefusedWithOffers() throws Exception {
    var answer = ask("x-slo-ttft-ms", "1", "x-slo-min-quality", "0.99");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("code").asString()).isEqualTo("slo_unattainable");
    assertThat(error.get("offers")).isNotEmpty();
  }

  @Test
  void aDecisionIsExplainedByItsRecord() throws Exception {
    JsonNode record = record(askWhenIdle());

    assertThat(record.get("candidates")).hasSize(2);
    for (JsonNode candidate : record.get("candidates")) {
      assertThat(candidate.at("/facts/forecast").isObject()).isTrue();
      assertThat(candidate.at("/facts/quality").isNumber()).isTrue();
      assertThat(candidate.at("/score").isObject()).isTrue();
    }
    assertThat(record.get("chosen").asString()).contains(Shared.LARGE);
    assertThat(record.get("policyVersion").asString()).isNotBlank();
    assertThat(record.get("actual").isObject()).isTrue();
    assertThat(record.toString()).doesNotContain("Say something");
  }

  @Test
  void whatHappenedShowsInTheMetrics() throws Exception {
    GearboxProcess gearbox = Shared.gearbox();
    double before = gearbox.metric("gearbox_requests_total", Shared.LARGE, "code=\"200\"");
    double tokens = gearbox.metric("vllm:generation_tokens_total", Shared.LARGE);

    ask("x-slo-min-quality", "0.99");

    // Counting is not in the request's way: it may come a moment after the answer.
    for (int i = 0;
        i < 50 && gearbox.metric("gearbox_requests_total", Shared.LARGE, "code=\"200\"") == before;
        i++) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertThat(gearbox.metric("gearbox_requests_total", Shared.LARGE, "code=\"200\""))
        .isEqualTo(before + 1);
    assertThat(gearbox.metric("vllm:generation_tokens_total", Shared.LARGE)).isGreaterThan(tokens);
    assertThat(gearbox.metric("gearbox_policy_info")).isEqualTo(1);
    assertThat(gearbox.get("/metrics").statusCode()).as("never on the public port").isEqualTo(404);
  }

  /** What other tests asked of the device in the last half minute still has its price. */
  private static HttpResponse<String> askWhenIdle() throws Exception {
    HttpResponse<String> answer = ask();
    for (int i = 0; i < 60 && !variant(answer).equals(Shared.LARGE); i++) {
      TimeUnit.SECONDS.sleep(1);
      answer = ask();
    }
    return answer;
  }

  private static HttpResponse<String> ask(String... headers) throws Exception {
    return post("/v1/chat/completions", headers);
  }

  private static HttpResponse<String> post(String path, String... headers) throws Exception {
    return Shared.gearbox().post(path, QUESTION, headers);
  }

  private static String variant(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-gearbox-variant").orElseThrow();
  }

  /** With what became of it, which is written down a moment after the answer. */
  private static JsonNode record(HttpResponse<String> answer) throws Exception {
    String id = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
    JsonNode record = JSON.readTree(Shared.gearbox().get("/v1/decisions/" + id).body());
    for (int i = 0; i < 200 && !record.path("actual").isObject(); i++) {
      Thread.sleep(50);
      record = JSON.readTree(Shared.gearbox().get("/v1/decisions/" + id).body());
    }
    return record;
  }

  private static JsonNode candidate(JsonNode record, String variant) {
    return StreamSupport.stream(record.get("candidates").spliterator(), false)
        .filter(row -> row.at("/facts/variant").asString().equals(variant))
        .findFirst()
        .orElseThrow();
  }

  private static double ttft(JsonNode record, String variant) {
    return candidate(record, variant).at("/facts/forecast/ttftP50").asDouble();
  }
}
