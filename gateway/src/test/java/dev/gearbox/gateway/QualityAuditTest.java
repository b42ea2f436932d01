package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.config.PolicyConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Answers of the small variant, read again by the reference. */
class QualityAuditTest {
  private static final String SECRET = "whatTheClientSaid";
  private static final int TOKENS = 6;

  /** " w0 w1 w2 w3 w4 w5". */
  private static final double BYTES = 3.0 * TOKENS;

  private static void ask(TestingServer server, String model) throws Exception {
    assertThat(answer(server, model)).isEqualTo(200);
  }

  private static int answer(TestingServer server, String model) throws Exception {
    return server
        .post(
            "/v1/chat/completions",
            """
            {"model":"%s","max_tokens":%d,"temperature":1,
             "messages":[{"role":"user","content":"%s"}]}\
            """
                .formatted(model, TOKENS, SECRET))
        .statusCode();
  }

  private static JsonNode standing(TestingServer server) throws Exception {
    return JsonMapper.shared()
        .readTree(server.admin("GET", "/admin/policy/audit").body())
        .at("/variants/0");
  }

  private static void awaitAudits(TestingServer server, int count) throws Exception {
    String line = "gearbox_audits_total{variant=\"test-small\",result=\"done\",} " + count + ".0";
    awaitMetric(server, line);
  }

  private static void awaitMetric(TestingServer server, String line) throws Exception {
    server.await(() -> {
      try {
        return server.metrics().contains(line);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    });
  }

  @Test
  void theGapIsTheDifferenceOfLogProbabilitiesOverTheBytes() throws Exception {
    try (TestingServer server = TestingServer.audited(new PolicyConfig.Audit(1, 3, false))) {
      server.engine.finds = -0.4;
      server.large.finds = -1.0;
      ask(server, TestingServer.VARIANT);
      awaitAudits(server, 1);
      JsonNode found = standing(server);
      assertThat(found.get("answers").asInt()).isEqualTo(1);
      assertThat(found.get("gap").asDouble()).isCloseTo(0.6 * TOKENS / BYTES, within());
      assertThat(found.get("kl").asDouble()).isEqualTo(found.get("gap").asDouble());
      assertThat(found.get("limit").asDouble()).isCloseTo(0.06, within());
      assertThat(found.get("drifted").asBoolean()).isFalse();
      assertThat(server.metrics())
          .contains("gearbox_audit_gap_nats_per_byte{variant=\"test-small\",}");
      assertThat(server.engine.running.get()).isZero();
    }
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-9);
  }

  @Test
  void theReferencesOwnAnswersAndThoseOfSeveralAreNotAudited() throws Exception {
    try (TestingServer server = TestingServer.audited(new PolicyConfig.Audit(1, 3, false))) {
      ask(server, TestingServer.LARGE);
      var several =
          server.post(
              "/v1/completions",
              "{\"model\":\"test-small\",\"max_tokens\":3,\"n\":2,\"prompt\":\"one\"}");
      assertThat(several.statusCode()).isEqualTo(200);
      ask(server, TestingServer.VARIANT);
      awaitAudits(server, 1);
      assertThat(standing(server).get("answers").asInt()).isEqualTo(1);
    }
  }

  @Test
  void whatNobodyHasTimeForIsDroppedAndCounted() throws Exception {
    try (TestingServer server = TestingServer.audited(new PolicyConfig.Audit(1, 3, false))) {
      server.large.busy = true;
      ask(server, TestingServer.VARIANT);
      awaitMetric(server, "gearbox_audits_total{variant=\"test-small\",result=\"busy\",} 1.0");
      assertThat(standing(server).get("answers").asInt()).isZero();
    }
  }

  @Test
  void aVariantThatDriftsAnswersNoMoreUntilItIsTakenBack() throws Exception {
    try (TestingServer server = TestingServer.audited(new PolicyConfig.Audit(1, 3, true))) {
      server.engine.finds = -0.1;
      server.large.finds = -5.0;
      for (int i = 1; i <= 30; i++) {
        ask(server, TestingServer.VARIANT);
        awaitAudits(server, i);
      }
      server.await(() -> revoked(server));

      ask(server, "both");
      JsonNode made = server.lastDecision();
      JsonNode small =
          made.get("candidates")
              .valueStream()
              .filter(row -> row.at("/facts/variant").asString().equals(TestingServer.VARIANT))
              .findFirst()
              .orElseThrow();
      assertThat(small.at("/excluded/rule").asString()).isEqualTo("quality drift");
      assertThat(small.at("/excluded/value").asString()).endsWith("nats per byte");
      assertThat(small.at("/excluded/operator").asString()).isEqualTo("<=");
      assertThat(small.at("/excluded/threshold").asString()).isEqualTo("0.060 nats per byte");
      assertThat(answer(server, TestingServer.VARIANT)).isEqualTo(403);
      String replay =
          server.send("POST", "/v1/decisions/" + made.get("id").asString() + "/replay").body();
      assertThat(JsonMapper.shared().readTree(replay).get("same").asBoolean()).isTrue();
      assertThat(server.metrics()).contains("gearbox_audit_revoked{variant=\"test-small\",} 1.0");

      var unknown = server.admin("DELETE", "/admin/policy/audit?variant=nobody");
      assertThat(unknown.statusCode()).isEqualTo(404);
      var restored = server.admin("DELETE", "/admin/policy/audit?variant=test-small");
      assertThat(restored.statusCode()).isEqualTo(200);
      assertThat(standing(server).get("revoked").asBoolean()).isFalse();
      ask(server, TestingServer.VARIANT);
    }
  }

  private static boolean revoked(TestingServer server) {
    try {
      return standing(server).get("revoked").asBoolean();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void withoutBeingAskedToItOnlySays() throws Exception {
    List<String> logged = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            synchronized (logged) {
              logged.add(line.getMessage());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    try (TestingServer server = TestingServer.audited(new PolicyConfig.Audit(1, 3, false))) {
      server.engine.finds = -0.1;
      server.large.finds = -5.0;
      for (int i = 1; i <= 31; i++) {
        ask(server, TestingServer.VARIANT);
        awaitAudits(server, i);
      }
      assertThat(standing(server).get("drifted").asBoolean()).isTrue();
      assertThat(standing(server).get("revoked").asBoolean()).isFalse();
      synchronized (logged) {
        assertThat(logged.stream().filter(line -> line.contains("event=variant_drifted")))
            .singleElement()
            .asString()
            .contains("variant=test-small", "revoked=false");
        assertThat(logged).noneMatch(line -> line != null && line.contains(SECRET));
      }
    } finally {
      root.removeHandler(handler);
    }
  }
}
