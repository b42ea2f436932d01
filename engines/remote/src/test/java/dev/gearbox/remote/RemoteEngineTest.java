package dev.gearbox.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RemoteEngineTest {
  @Test
  void aServerThatIsFineIsReadToItsEnd() throws Exception {
    try (var remote =
        TestingRemote.vllm(c -> c.begin().token(65, "A").token(66, "é").end(2).fin())) {
      TestingSubscriber answer = answer(remote);
      assertThat(answer.finished().reason()).isEqualTo(FinishReason.LENGTH);
      assertThat(answer.text()).isEqualTo("Aé");
      assertThat(answer.tokens()).containsExactly(65, 66);
      assertThat(answer.finished().tokens().prompt()).isEqualTo(4);
      assertThat(answer.finished().tokens().cached()).isEqualTo(1);
      String sent = remote.server.requests.getFirst();
      assertThat(sent)
          .contains("POST /v1/completions", "\"prompt\":[65,66,67,68]", "\"return_token_ids\":true")
          .containsIgnoringCase("authorization: Bearer a-key")
          .doesNotContainIgnoringCase("accept-encoding");
    }
  }

  @Test
  void withoutATokenizerTheServerGetsTheClientsWords() throws Exception {
    try (var remote =
        new TestingRemote(
            Dialect.OPENAI,
            null,
            c ->
                c.begin()
                    .send("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")
                    .send("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n")
                    .send("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")
                    .send("data: [DONE]\n\n")
                    .fin())) {
      Prompt chat = new Prompt.Chat(List.of(Prompt.Message.of("user", "Say hi to me")), null);
      assertThat(remote.engine.encode(chat))
          .matches(e -> e instanceof Encoding.Encoded some && some.tokens().size() > 4);
      assertThat(remote.engine.encode(new Prompt.Tokens(TokenIds.of(1))))
          .isInstanceOf(Encoding.Rejected.class);
      GenerationRequest request =
          GenerationRequest.greedy("r", TokenIds.of(0, 0, 0, 0), 5).from(chat);
      TestingSubscriber answer = TestingSubscriber.to(remote.engine.submit(request));
      assertThat(answer.finished().reason()).isEqualTo(FinishReason.STOP);
      assertThat(answer.text()).isEqualTo("Hi");
      assertThat(remote.server.requests.getFirst())
          .contains(
              "POST /v1/chat/completions",
              "\"content\":\"Say hi to me\"",
              "\"max_completion_tokens\":5")
          .doesNotContain("ignore_eos", "top_k", "cache_salt");
    }
  }

  @Test
  void anAnswerThatHasBegunIsGoneOnWithInTheServersWay() throws Exception {
    Prompt chat = new Prompt.Chat(List.of(Prompt.Message.of("user", "Say hi")), null);
    String last = "{\"role\":\"assistant\",\"content\":\"Hel\"}]";
    assertThat(sent(Dialect.VLLM, chat))
        .contains(last, "\"continue_final_message\":true", "\"add_generation_prompt\":false");
    assertThat(sent(Dialect.LLAMA_SERVER, chat))
        .contains(last)
        .doesNotContain("continue_final_message");
    assertThat(sent(Dialect.OPENAI, new Prompt.Text("Say hi: "))).contains("\"Say hi: Hel\"");
    try (var remote = new TestingRemote(Dialect.OPENAI, null, c -> {})) {
      assertThat(remote.engine.encode(new Prompt.Begun(chat, "Hel", TokenIds.EMPTY)))
          .as("it would answer what it was to go on with")
          .isInstanceOf(Encoding.Rejected.class);
    }
  }

  private static String sent(Dialect dialect, Prompt prompt) throws Exception {
    try (var remote =
        new TestingRemote(dialect, null, c -> c.begin().token(65, "A").end(1).fin())) {
      Prompt begun = new Prompt.Begun(prompt, "Hel", TokenIds.EMPTY);
      assertThat(remote.engine.encode(begun)).isInstanceOf(Encoding.Encoded.class);
      GenerationRequest request =
          GenerationRequest.greedy("r", TokenIds.of(0, 0, 0, 0), 5).from(begun);
      assertThat(TestingSubscriber.to(remote.engine.submit(request)).finished().reason())
          .isEqualTo(FinishReason.LENGTH);
      return remote.server.requests.getFirst();
    }
  }

  @Test
  void aServerWithoutTheModelIsNotOpened() throws Exception {
    try (var server = new TestingHttpServer(c -> {})) {
      RemoteSpec spec =
          new RemoteSpec(
              "p/v",
              "p",
              "v",
              "gpu:x",
              "another",
              server.uri(),
              null,
              Dialect.VLLM,
              0,
              1,
              1,
              TestingRemote.IMPATIENT,
              java.time.Duration.ZERO,
              null,
              null);
      assertThatThrownBy(() -> RemoteServer.open(spec, null, step -> {}, System::nanoTime))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("does not serve 'another' but test-model");
    }
  }

  @Test
  void aClientThatLeavesClosesTheConnection() throws Exception {
    try (var remote = TestingRemote.vllm(c -> c.begin().token(65, "A"))) {
      TestingSubscriber answer = answer(remote);
      answer.awaitEvents(1).cancel();
      assertThat(remote.server.left.await(10, TimeUnit.SECONDS)).isTrue();
      TestingRemote.await(() -> remote.engine.signal().running() == 0);
    }
  }

  @Test
  void metricsOfOthersShowInItsSignalsAndOldOnesGrowOld() throws Exception {
    try (var remote = TestingRemote.vllm(c -> c.begin())) {
      remote.server.metrics =
          """
          vllm:num_requests_running{model_name="test-model"} 5
          vllm:num_requests_waiting{model_name="test-model"} 2
          vllm:kv_cache_usage_perc{model_name="test-model"} 0.5
          vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1
          """;
      TestingRemote.await(() -> remote.engine.signal().running() == 5);
      assertThat(remote.engine.signal().waiting()).isEqualTo(2);
      assertThat(remote.engine.signal().kvBlocksFree()).isEqualTo(50);
      assertThat(remote.engine.signal().kvBlocksTotal()).isEqualTo(100);
      remote.server.kill();
      TestingRemote.await(
          () -> System.nanoTime() - remote.engine.signal().heardNanos() > 1_000_000_000L);
      assertThat(remote.engine.signal().running()).as("unknown is not idle").isEqualTo(5);
    }
  }

  @Test
  void aKilledServerOpensTheBreakerAndComesBackStepByStep() throws Exception {
    try (var remote = TestingRemote.vllm(c -> c.begin().token(65, "A").end(1).fin())) {
      assertThat(answer(remote).finished().tokens().generated()).isEqualTo(1);
      remote.server.kill();
      TestingRemote.await(() -> remote.engine.signal().state() == State.FAILED);
      TestingSubscriber refused = answer(remote);
      assertThat(refused.failed().code()).isEqualTo(FailureCode.ENGINE_FAILED);
      assertThat(refused.failed().message()).isEqualTo("the server is not answering");

      remote.server.restart();
      TestingRemote.await(() -> remote.engine.signal().state() == State.READY);
      assertThat(remote.engine.signal().maxSequences()).as("one may try").isEqualTo(1);
      assertThat(answer(remote).finished().tokens().generated()).isEqualTo(1);
      TestingRemote.await(() -> remote.engine.signal().maxSequences() == 4);
    }
  }

  @Test
  void whoHasPriorityIsSentBeforeThoseThatWaitedLonger() throws Exception {
    var places = new Semaphore(0);
    try (var remote =
        TestingRemote.vllm(c -> {
          places.acquire();
          c.begin().token(65, "A").end(1).fin();
        })) {
      List<TestingSubscriber> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        answers.add(TestingSubscriber.to(remote.engine.submit(asked("first", 0))));
      }
      TestingRemote.await(() -> remote.server.requests.size() == 4);
      for (int priority : new int[] {0, 10, -10, 10}) {
        answers.add(TestingSubscriber.to(remote.engine.submit(asked("turn" + priority, priority))));
      }
      for (int sent = 5; sent <= 8; sent++) {
        int expected = sent;
        places.release();
        TestingRemote.await(() -> remote.server.requests.size() == expected);
      }
      places.release(4);
      answers.forEach(TestingSubscriber::finished);
      assertThat(remote.server.requests.subList(4, 8))
          .satisfiesExactly(
              request -> assertThat(request).contains("turn10\r\n"),
              request -> assertThat(request).contains("turn10\r\n"),
              request -> assertThat(request).contains("turn0\r\n"),
              request -> assertThat(request).contains("turn-10\r\n"));
    }
  }

  private static GenerationRequest asked(String id, int priority) {
    return new GenerationRequest(
        id,
        TokenIds.of(65, 66),
        SamplingSpec.GREEDY,
        4,
        List.of(),
        false,
        Lane.INTERACTIVE,
        priority,
        0,
        Long.MAX_VALUE,
        "",
        false);
  }

  @Test
  void itsPaceIsToldToWhoeverPredicts() throws Exception {
    try (var remote =
        TestingRemote.vllm(c -> {
          c.begin();
          for (int i = 0; i < 40; i++) {
            c.token(65, "A").pause(2);
          }
          c.end(40).fin();
        })) {
      answer(remote).finished();
      assertThat(remote.steps).anyMatch(step -> step.prefillTokens() == 3);
      assertThat(remote.steps).anyMatch(step -> step.prefillTokens() == 0 && step.nanos() > 1_000);
    }
  }

  private static TestingSubscriber answer(TestingRemote remote) {
    return TestingSubscriber.to(remote.engine.submit(TestingRemote.request(64)));
  }
}
