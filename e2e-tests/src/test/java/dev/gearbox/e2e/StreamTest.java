package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The bytes of a stream, and what happens when its reader leaves. */
@Tag("weights")
class StreamTest {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String LONG_STORY =
      """
      {"model":"smollm2-135m-q4_1","stream":true,"max_tokens":%d,"ignore_eos":true,
       "messages":[{"role":"user","content":"Tell me a long story."}]}\
      """;

  @Test
  void aStreamHasTheShapeThatClientsNeed() throws Exception {
    HttpResponse<String> answer =
        Shared.gearbox()
            .post(
                "/v1/chat/completions",
                """
                {"model":"smollm2-135m-q4_1","stream":true,"max_tokens":5,"ignore_eos":true,
                 "stream_options":{"include_usage":true},
                 "messages":[{"role":"user","content":"Hello"}]}\
                """);

    assertThat(answer.headers().firstValue("content-type").orElseThrow())
        .startsWith("text/event-stream");
    assertThat(answer.headers().firstValue("x-gearbox-variant")).contains("smollm2-135m-q4_1");
    assertThat(answer.headers().firstValue("x-gearbox-decision-id")).isPresent();
    assertThat(answer.body()).endsWith("data: [DONE]\n\n").doesNotContain("\"error\"");
    List<JsonNode> chunks = chunks(answer.body());
    assertThat(chunks.getFirst().at("/choices/0/delta/role").asString()).isEqualTo("assistant");
    assertThat(chunks.stream().map(chunk -> chunk.get("id").asString()).distinct()).hasSize(1);
    JsonNode usage = chunks.getLast();
    assertThat(usage.get("choices").isEmpty()).isTrue();
    assertThat(usage.at("/usage/completion_tokens").asInt()).isEqualTo(5);
    JsonNode last = chunks.get(chunks.size() - 2);
    assertThat(last.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    assertThat(last.at("/choices/0/delta").isEmpty()).isTrue();
    for (JsonNode chunk : chunks.subList(0, chunks.size() - 1)) {
      assertThat(chunk.at("/choices/0/index").asInt(-1)).isZero();
      assertThat(chunk.get("usage").isNull()).isTrue();
    }
  }

  @Test
  void aClientThatLeavesFreesItsSequence() throws Exception {
    GearboxProcess gearbox = Shared.gearbox();
    byte[] body = LONG_STORY.formatted(4000).getBytes(StandardCharsets.UTF_8);
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), gearbox.port)) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncontent-length: "
                      + body.length
                      + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      socket.getOutputStream().flush();
      assertThat(readUntil(socket.getInputStream(), "\"content\"")).contains("200 OK");
      assertThat(gearbox.metric("vllm:num_requests_running")).isPositive();
    }
    assertDrained(gearbox);
  }

  @Test
  void aClientThatLeavesBeforeAnAnswerFreesItsSequenceToo() throws Exception {
    GearboxProcess gearbox = Shared.gearbox();
    String body = LONG_STORY.formatted(4000).replace("\"stream\":true,", "");
    var pending =
        GearboxProcess.HTTP.sendAsync(
            HttpRequest.newBuilder(gearbox.uri("/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    for (int i = 0; i < 100 && gearbox.metric("vllm:num_requests_running") == 0; i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(gearbox.metric("vllm:num_requests_running")).isPositive();

    pending.cancel(true);

    assertDrained(gearbox);
  }

  private static void assertDrained(GearboxProcess gearbox) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (gearbox.metric("vllm:num_requests_running") + gearbox.metric("vllm:num_requests_waiting")
            > 0
        && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertThat(gearbox.metric("vllm:num_requests_running")).isZero();
    assertThat(gearbox.metric("vllm:num_requests_waiting")).isZero();
    assertThat(gearbox.metric("vllm:kv_cache_usage_perc")).isZero();
  }

  private static List<JsonNode> chunks(String body) {
    var chunks = new ArrayList<JsonNode>();
    for (String event : body.split("\n\n", -1)) {
      if (event.startsWith("data: {")) {
        chunks.add(JSON.readTree(event.substring(6)));
      }
    }
    return chunks;
  }

  private static String readUntil(InputStream in, String text) throws Exception {
    var seen = new StringBuilder();
    var buffer = new byte[4096];
    while (seen.indexOf(text) < 0) {
      int read = in.read(buffer);
      assertThat(read).as("stream ended after: %s", seen).isPositive();
      seen.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
    }
    return seen.toString();
  }
}
