package dev.gearbox.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The official Java client against the running program on real weights. */
@Tag("weights")
class OpenAiClientTest {
  private static OpenAIClient client;

  @BeforeAll
  static void connect() throws Exception {
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(Shared.gearbox().uri("/v1").toString())
            .apiKey("not-needed-on-loopback")
            .build();
  }

  @AfterAll
  static void disconnect() {
    client.close();
  }

  @Test
  void aChatIsAnsweredWithUsageAndTheModelThatWasAsked() {
    var answer = client.chat().completions().create(chat("auto", "What is the capital of France?"));

    assertThat(answer.id()).startsWith("chatcmpl-");
    assertThat(answer.model()).isEqualTo("auto");
    assertThat(answer.choices()).hasSize(1);
    assertThat(answer.choices().getFirst().message().content().orElseThrow()).contains("Paris");
    assertThat(answer.usage().orElseThrow().promptTokens()).isPositive();
    assertThat(answer.usage().orElseThrow().completionTokens()).isBetween(1L, 48L);
  }

  @Test
  void aStreamCarriesTheSameTextAsTheWholeAnswerAndEndsWithUsage() {
    var question = chat(Shared.SMALL, "Name three colours of the rainbow.");
    // The second of two equal prompts meets a warm prefix cache, and so does the stream: its
    // batches
    // have the same shapes, and rounding cannot tip a near-tie between two tokens.
    text(question);
    String whole = text(question);

    var streamed = new StringBuilder();
    List<ChatCompletionChunk> chunks;
    try (StreamResponse<ChatCompletionChunk> stream =
        client
            .chat()
            .completions()
            .createStreaming(
                question.toBuilder()
                    .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
                    .build())) {
      chunks = stream.stream().toList();
    }
    chunks.forEach(chunk ->
        chunk.choices().forEach(choice -> choice.delta().content().ifPresent(streamed::append)));

    assertThat(streamed.toString()).isEqualTo(whole);
    assertThat(chunks.stream().map(ChatCompletionChunk::id).distinct()).hasSize(1);
    assertThat(chunks.getLast().choices()).isEmpty();
    assertThat(chunks.getLast().usage().orElseThrow().completionTokens()).isPositive();
  }

  @Test
  void aSeedMakesASampledAnswerRepeatable() {
    var question =
        chat(Shared.SMALL, "Invent a name for a cat.").toBuilder()
            .temperature(1.0)
            .putAdditionalBodyProperty("seed", JsonValue.from(7))
            .build();

    String first = text(question);
    String second = text(question);

    assertThat(second).isEqualTo(first);
  }

  @Test
  void logProbabilitiesComeWithTheirAlternatives() {
    var answer =
        client
            .chat()
            .completions()
            .create(
                chat(Shared.SMALL, "Say yes.").toBuilder().logprobs(true).topLogprobs(3).build());

    var tokens = answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
    assertThat(tokens).isNotEmpty();
    assertThat(tokens.getFirst().logprob()).isLessThanOrEqualTo(0);
    assertThat(tokens.getFirst().topLogprobs()).hasSize(3);
  }

  @Test
  void aTextCompletionContinuesItsPrompt() {
    var answer =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(Shared.SMALL)
                    .prompt("The capital of France is")
                    .maxTokens(8)
                    .temperature(0.0)
                    .build());

    assertThat(answer.id()).startsWith("cmpl-");
    assertThat(answer.choices().getFirst().text()).contains("Paris");
  }

  @Test
  void concurrentClientsGetTheAnswersThatTheyWouldGetAlone() throws Exception {
    var question = chat(Shared.SMALL, "Count from one to five.");
    String alone = text(question);

    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<String> ask = () -> text(question);
      List<Future<String>> answers =
          clients.invokeAll(IntStream.range(0, 12).mapToObj(i -> ask).toList());
      for (Future<String> answer : answers) {
        assertThat(answer.get()).isNotBlank();
      }
      assertThat(answers.getFirst().get().substring(0, 3)).isEqualTo(alone.substring(0, 3));
    }
  }

  @Test
  void modelsListTheFamilyAndItsVariants() {
    var ids = client.models().list().data().stream().map(model -> model.id()).toList();

    assertThat(ids).contains("auto", Shared.SMALL, Shared.LARGE);
  }

  @Test
  void errorsArriveAsTheClientsOwnExceptions() {
    assertThatThrownBy(() -> client.chat().completions().create(chat("gpt-17", "Hi")))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("gpt-17");
    assertThatThrownBy(() ->
            client
                .chat()
                .completions()
                .create(chat("auto", "Hi").toBuilder().temperature(9.0).build()))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("temperature");
  }

  private static String text(ChatCompletionCreateParams question) {
    return client
        .chat()
        .completions()
        .create(question)
        .choices()
        .getFirst()
        .message()
        .content()
        .orElseThrow();
  }

  private static ChatCompletionCreateParams chat(String model, String text) {
    return ChatCompletionCreateParams.builder()
        .model(model)
        .addUserMessage(text)
        .maxCompletionTokens(48)
        .temperature(0.0)
        .build();
  }
}
