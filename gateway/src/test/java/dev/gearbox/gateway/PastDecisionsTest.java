package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.security.Tenant;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.workshop.settings.DataSize;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Decisions that have left memory, as the tenant sees them whose they are. */
class PastDecisionsTest {
  private static final String CHAT =
      "{\"model\":\"both\",\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"secret words\"}]}";

  @TempDir Path folder;

  @Test
  void aDecisionThatLeftMemoryIsFoundOnDiskAndReplayedByItsTenantAlone() throws Exception {
    List<String> ids = new ArrayList<>();
    try (TestingServer server = start()) {
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> answer = server.post("/v1/chat/completions", CHAT, key("acme"));
        String id = answer.headers().firstValue("x-gearbox-decision-id").orElseThrow();
        server.await(() -> hasEnded(server, id)); // the next one takes its place in memory
        ids.add(id);
      }
      assertThat(get(server, ids.getLast(), "acme").statusCode()).isEqualTo(200);
      assertThat(get(server, ids.getLast(), "other").statusCode()).isEqualTo(404);
      assertThat(
              server
                  .post("/v1/decisions/" + ids.getLast() + "/replay", "", key("other"))
                  .statusCode())
          .isEqualTo(404);
      server.await(() -> server.core.decisions().size() == 1);
    }
    try (TestingServer server = start()) {
      for (String id : ids) {
        HttpResponse<String> found = get(server, id, "acme");
        assertThat(found.statusCode()).isEqualTo(200);
        assertThat(found.body()).contains(id, "\"actual\":{").doesNotContain("secret words");
        assertThat(get(server, id, "other").statusCode()).isEqualTo(404);
        HttpResponse<String> replay =
            server.post("/v1/decisions/" + id + "/replay", "", key("acme"));
        assertThat(JsonMapper.shared().readTree(replay.body()).get("same").asBoolean())
            .as(replay.body())
            .isTrue();
      }
      assertThat(get(server, "dec-00000000000000000000", "acme").statusCode()).isEqualTo(404);
    }
  }

  private static boolean hasEnded(TestingServer server, String id) {
    DecisionRecord made = server.core.decisions().find(id);
    return made != null && made.actual() != null;
  }

  private TestingServer start() throws Exception {
    var server =
        new TestingServer(
            Duration.ZERO,
            AdmissionLimits.DEFAULT,
            List.of(tenant("acme"), tenant("other")),
            Map.of(),
            new PolicyConfig.Records(1, folder.toString(), new DataSize(1 << 20)));
    server.weights.countDown();
    server.await(() -> server.server.engines().stream().allMatch(EngineSlot::usable));
    return server;
  }

  private static HttpResponse<String> get(TestingServer server, String id, String tenant)
      throws Exception {
    return server.send("GET", "/v1/decisions/" + id, key(tenant));
  }

  private static String[] key(String tenant) {
    return new String[] {"authorization", "Bearer " + tenant};
  }

  private static Tenant tenant(String name) throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
    return new Tenant(name, List.of("sha256:" + HexFormat.of().formatHex(digest)), "standard");
  }
}
