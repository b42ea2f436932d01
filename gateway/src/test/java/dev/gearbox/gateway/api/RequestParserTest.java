package dev.gearbox.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestParserTest {
  private static final ServiceClass STANDARD =
      new ServiceClass(
          "standard",
          Targets.NONE,
          0.95,
          Duration.ofDays(30),
          0,
          Lane.INTERACTIVE,
          ServiceClass.Weights.DEFAULT);
  private static final RequestParser PARSER =
      new RequestParser(new ServiceClasses(List.of(STANDARD)));
  private static final Caller CALLER = new Caller("local", "standard", "");

  private static Result<InferenceRequest> parse(String json, Map<String, String> headers) {
    return JsonBody.read(json.getBytes(StandardCharsets.UTF_8))
        .fold(
            body -> PARSER.parse("1", AnswerKind.CHAT, body, headers::get, CALLER, 0),
            Result::refused);
  }

  private static Result<InferenceRequest> parse(String field) {
    return parse(
        "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]," + field + "}",
        Map.of());
  }

  @Test
  void theLastMessageMayBeTheBeginningOfTheAnswer() {
    String chat =
        "{\"model\":\"auto\",\"continue_final_message\":true,\"messages\":"
            + "[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"%s\",\"content\":\"Hel\"}]}";

    List<Prompt> prompts =
        parse(chat.formatted("assistant"), Map.of())
            .fold(InferenceRequest::prompts, refusal -> List.of());
    assertThat(prompts)
        .containsExactly(
            new Prompt.Begun(
                new Prompt.Chat(List.of(Prompt.Message.of("user", "Hi")), null),
                "Hel",
                TokenIds.EMPTY));
    assertThat(parse(chat.formatted("user"), Map.of()).toString())
        .contains("continue_final_message needs a last message of the assistant's");
  }

  @Test
  void aRequestThatSaysNothingOfSamplingStaysCoherent() {
    var silent = sampling("\"max_tokens\":5");
    var outspoken = sampling("\"temperature\":1");

    assertThat(silent.temperature()).isEqualTo(0.8f);
    assertThat(silent.minP()).isEqualTo(0.05f);
    assertThat(outspoken.topP()).isEqualTo(1);
    assertThat(outspoken.minP()).isZero();
  }

  private static SamplingSpec sampling(String field) {
    return parse(field)
        .fold(
            InferenceRequest::sampling,
            refusal -> {
              throw new AssertionError(refusal);
            });
  }

  /** Every number at eight edges; the second list is what must be taken. */
  static Stream<Arguments> numbers() {
    return Stream.of(
        Arguments.of("n", "16", "17", List.of("16")),
        Arguments.of("max_tokens", "1048576", "1048577", List.of("1048576")),
        Arguments.of("max_completion_tokens", "1048576", "1048577", List.of("1048576")),
        Arguments.of("temperature", "2", "2.01", List.of("0", "2")),
        Arguments.of("top_p", "1", "1.01", List.of("1")),
        Arguments.of("top_k", "1048576", "1048577", List.of("-1", "0", "1048576")),
        Arguments.of("min_p", "1", "1.01", List.of("0", "1")),
        Arguments.of("presence_penalty", "2", "2.01", List.of("-1", "0", "2")),
        Arguments.of("frequency_penalty", "2", "2.01", List.of("-1", "0", "2")),
        Arguments.of("repetition_penalty", "2", "2.01", List.of("2")),
        Arguments.of("top_logprobs", "20", "21", List.of("0", "20")),
        Arguments.of(
            "seed",
            "9223372036854775807",
            "9223372036854775808",
            List.of("-1", "0", "9223372036854775807", "2147483648")));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void everyNumberIsHeldToItsBounds(String name, String max, String above, List<String> taken) {
    List<String> edges =
        List.of("-1", "0", max, above, "2147483648", "9223372036854775808", "NaN", "1e400");
    for (String edge : edges) {
      Result<InferenceRequest> result = parse("\"logprobs\":true,\"" + name + "\":" + edge);
      if (taken.contains(edge)) {
        assertThat(result).as(name + " " + edge).isInstanceOf(Result.Ok.class);
      } else {
        assertThat(refusal(result).status()).as(name + " " + edge).isEqualTo(400);
        assertThat(refusal(result).param()).as(name + " " + edge).isEqualTo(name);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "messages":[]                                                    | messages
          "messages":"hello"                                               | messages
          "messages":[7]                                                   | messages[0]
          "messages":[{"role":"wizard","content":"a"}]                     | messages[0].role
          "messages":[{"role":"user"}]                                     | messages[0].content
          "messages":[{"role":"user","content":7}]                         | messages[0].content
          "messages":[{"role":"user","content":[{"type":"x"}]}]            | messages[0].content[0].type
          "messages":[{"role":"tool","content":"a"}]                       | messages[0].tool_call_id
          "messages":[{"role":"user","content":"\\ud800"}]                 | messages[0].content
          """)
  void aBadMessageIsNamed(String field, String param) {
    assertThat(refusal(parse("{\"model\":\"auto\"," + field + "}", Map.of())).param())
        .isEqualTo(param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "temperature":"hot"                      | temperature
          "stop":[""]                              | stop
          "stop":["a",3]                           | stop
          "stream":"yes"                           | stream
          "seed":1.5                               | seed
          "logit_bias":{"x":1}                     | logit_bias
          "logit_bias":{"1":101}                   | logit_bias
          "tool_choice":"required"                 | tool_choice
          "tools":[{"type":"function"}]            | tools[0].function
          "response_format":{"type":"xml"}         | response_format.type
          "response_format":{"type":"json_schema"} | response_format.json_schema
          "service_tier":"first"                   | service_tier
          "extra_args":{"ttft_target":0}           | extra_args.ttft_target
          "functions":[{}]                         | functions
          """)
  void aBadFieldIsNamed(String field, String param) {
    assertThat(refusal(parse(field)).param()).isEqualTo(param);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"tools\":[]",
        "\"tool_choice\":null",
        "\"stream_options\":null",
        "\"stop\":null",
        "\"store\":true",
        "\"max_tokens\":5.0",
        "\"response_format\":{\"type\":\"text\"}"
      })
  void whatClientsSendWithoutMeaningItIsTaken(String field) {
    assertThat(parse(field)).isInstanceOf(Result.Ok.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "null", "1", "{} {}", "{'a':1}", "{\"a\":1,\"a\":2}", "{\"a\":01}"})
  void malformedJsonIsRefused(String json) {
    assertThat(refusal(parse(json, Map.of())).status()).isEqualTo(400);
  }

  @Test
  void deepJsonIsRefused() {
    String deep = "{\"a\":" + "[".repeat(100_000);

    assertThat(refusal(parse(deep, Map.of())).status()).isEqualTo(400);
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
  void aMalformedTargetIsNamedByItsHeader(String header, String value) {
    String json = "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";

    assertThat(refusal(parse(json, Map.of(header, value))).param()).isEqualTo(header);
  }

  @Test
  void theSdkTimeoutBoundsTheDeadlineOrTheFirstToken() {
    String json =
        "{\"model\":\"auto\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
    Map<String, String> headers = Map.of("x-stainless-read-timeout", "7.5");

    assertThat(targets(parse(json.formatted("false"), headers)).deadline())
        .isEqualTo(Duration.ofMillis(7500));
    assertThat(targets(parse(json.formatted("true"), headers)).ttft())
        .isEqualTo(Duration.ofMillis(7500));
  }

  @Test
  void mutilatedRequestsAreRefusedOrTakenButNeverBreakTheParser() {
    String whole =
        """
        {"model":"auto","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"n":1,
        "stop":["x"],"logit_bias":{"1":2.5},"tools":[{"type":"function","function":{"name":"f"}}],
        "stream_options":{"include_usage":true},"seed":1,"response_format":{"type":"text"}}\
        """;
    List<String> pieces =
        List.of("{", "}", "[", "]", "\"", ":", ",", "null", "-1", "1e999", "true", "\\u0000");
    SplittableRandom random = new SplittableRandom(42);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(whole);
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        int at = random.nextInt(text.length());
        int end = Math.min(text.length(), at + random.nextInt(6));
        text.replace(at, end, pieces.get(random.nextInt(pieces.size())));
      }
      Result<InferenceRequest> result = parse(text.toString(), Map.of());
      if (result instanceof Result.Refused<InferenceRequest>(Refusal refusal)) {
        assertThat(refusal.status()).isEqualTo(400);
      }
    }
  }

  @Test
  void brokenJsonIsRefusedWithItsPlaceAndNoTalkOfTheParser() {
    String message = refusal(parse("{\"model\":\"m\", \"prompt\": [1", Map.of())).message();

    assertThat(message)
        .startsWith("the body is not valid JSON at line 1, column ")
        .contains("Unexpected end-of-input")
        .doesNotContain("Source", "REDACTED", "Feature");
  }

  private static Targets targets(Result<InferenceRequest> result) {
    return result.fold(request -> request.terms().targets(), refusal -> Targets.NONE);
  }

  private static Refusal refusal(Result<InferenceRequest> result) {
    List<Refusal> refused = new ArrayList<>();
    if (result instanceof Result.Refused<InferenceRequest>(Refusal refusal)) {
      refused.add(refusal);
    }
    assertThat(refused).as("refused").hasSize(1);
    return refused.getFirst();
  }
}
