package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whatever is sent, the answer is the documented error and the next request is served. */
@Tag("weights")
class BadRequestTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @AfterEach
  void theNextRequestIsServed() throws Exception {
    var answer =
        chat(
            """
            {"model":"smollm2-135m-q4_1","messages":[{"role":"user","content":"Hi"}],"max_tokens":2}\
            """);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
        "{\"model\":\"auto\",\"model\":\"auto\",\"messages\":[]}",
        "{'model':'auto'}",
      })
  void malformedJsonIsRefused(String body) throws Exception {
    assertError(chat(body), 400, "invalid_request_error", null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "messages": []                                              | messages
          "messages": "hello"                                         | messages
          "messages": [{"role":"wizard","content":"a"}]               | messages[0].role
          "messages": [{"role":"user","content":7}]                   | messages[0].content
          "max_tokens": 0                                             | max_tokens
          "max_tokens": -1                                            | max_tokens
          "max_tokens": 99999999999999999999                          | max_tokens
          "max_tokens": "many"                                        | max_tokens
          "temperature": -0.1                                         | temperature
          "temperature": 1e400                                        | temperature
          "top_p": 1.5                                                | top_p
          "n": 0                                                      | n
          "n": 100000                                                 | n
          "presence_penalty": 3                                       | presence_penalty
          "top_logprobs": 21, "logprobs": true                        | top_logprobs
          "logit_bias": {"x": 1}                                      | logit_bias
          "stop": ["a", "b", 3]                                       | stop
          "stream": "yes"                                             | stream
          "seed": 1.5                                                 | seed
          "tools": [{"type":"function","function":{"name":"f"}}]      | tools
          "response_format": {"type":"json_object"}                   | response_format
          """)
  void aBadFieldIsNamed(String field, String param) throws Exception {
    String messages =
        field.contains("messages") ? "" : "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],";

    assertError(
        chat("{\"model\":\"auto\"," + messages + field + "}"), 400, "invalid_request_error", param);
  }

  @ParameterizedTest
  @CsvSource({
    "x-slo-ttft-ms, fast",
    "x-slo-ttft-ms, -1",
    "x-llm-d-slo-tpot-ms, 0",
    "x-slo-deadline-ms, 1e999",
    "x-slo-min-quality, 1.5",
    "x-slo-max-cost, NaN",
    "x-slo-class, no-such-class",
  })
  void aMalformedTargetIsNamedByItsHeader(String header, String value) throws Exception {
    var answer =
        Shared.gearbox()
            .post(
                "/v1/chat/completions",
                "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
                header,
                value);

    assertError(answer, 400, "invalid_request_error", header);
  }

  @Test
  void anUnknownModelIsNotFound() throws Exception {
    var answer =
        chat("{\"model\":\"gpt-17\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");

    assertError(answer, 404, "invalid_request_error", "model");
    assertThat(error(answer).get("code").asString()).isEqualTo("model_not_found");
  }

  @Test
  void aPromptBeyondTheContextIsRefusedAndNeverCut() throws Exception {
    String text = "many words ".repeat(40_000);

    var answer =
        chat(
            "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(error(answer).get("code").asString()).isEqualTo("context_length_exceeded");
  }

  @Test
  void pathsAndMethodsThatDoNotExistGetJsonErrors() throws Exception {
    assertError(Shared.gearbox().get("/v1/nothing"), 404, "invalid_request_error", null);
    assertError(Shared.gearbox().get("/v1/chat/completions"), 405, "invalid_request_error", null);
    assertError(Shared.gearbox().get("/v1/decisions/none"), 404, "invalid_request_error", null);
  }

  @Test
  void rawGarbageOnTheSocketHarmsNobody() throws Exception {
    for (String garbage :
        new String[] {
          "\u0000\u0001\u0002\r\n\r\n",
          "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(100_000) + "\r\n\r\n",
          "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{",
        }) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), Shared.gearbox().port)) {
        socket.getOutputStream().write(garbage.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
      } catch (IOException e) {
        // the server hung up while we wrote: just as good
      }
    }
  }

  private static HttpResponse<String> chat(String body) throws Exception {
    return Shared.gearbox().post("/v1/chat/completions", body);
  }

  private static JsonNode error(HttpResponse<String> answer) {
    return JSON.readTree(answer.body()).get("error");
  }

  private static void assertError(
      HttpResponse<String> answer,
      int status,
      String type,
      @org.jspecify.annotations.Nullable String param) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    JsonNode error = error(answer);
    assertThat(error.propertyNames()).contains("message", "type", "param", "code");
    assertThat(error.get("message").asString()).isNotBlank();
    assertThat(error.get("type").asString()).isEqualTo(type);
    if (param != null) {
      assertThat(error.get("param").asString()).isEqualTo(param);
    }
    assertThat(answer.headers().firstValue("x-request-id")).isPresent();
  }
}
