package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.gateway.dispatch.Silicon;
import dev.gearbox.runtime.AdapterHost;
import dev.gearbox.runtime.AdapterSpec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.DraftSpec;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.workshop.AdapterFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs prompts through an engine of its own, one after the other. */
record GenerateRun(
    Path weights,
    DraftOption.@Nullable Draft draft,
    @Nullable AdapterFile lora,
    boolean chat,
    int maxTokens,
    float temperature,
    @Nullable Long seed,
    DeviceOption.Chosen chosen,
    CpuOptions options,
    Screen screen) {

  void one(String prompt, boolean json) throws IOException, InterruptedException {
    Consumer<String> show =
        json
            ? text -> {}
            : text -> {
              screen.out().print(text);
              screen.out().flush();
            };
    Answer answer = answers(List.of(prompt), show).getFirst();
    if (json) {
      screen.out().println(Json.write(answer.json()));
    } else {
      screen.out().println();
    }
  }

  void all(Path prompts) throws IOException, InterruptedException {
    List<Answer> answers = answers(Json.strings(prompts), text -> {});
    screen
        .out()
        .println(Json.write(Map.of("results", answers.stream().map(Answer::json).toList())));
  }

  private List<Answer> answers(List<String> prompts, Consumer<String> show)
      throws IOException, InterruptedException {
    try (Silicon silicon = chosen.start();
        // What a warm-up compiles, the answer itself would soon have compiled.
        Device device = new Device(chosen.name(), System::nanoTime, NoTelemetry.INSTANCE, 0)) {
      List<TokenIds> encoded = new ArrayList<>();
      Engine engine = open(prompts, encoded, silicon, device);
      List<Answer> answers = new ArrayList<>();
      for (TokenIds prompt : encoded) {
        GenerationRequest request = request("prompt-" + answers.size(), prompt);
        answers.add(Answer.of(engine.submit(request), show));
      }
      return answers;
    }
  }

  /** Reads the file and lets go of it; the device closes both runners with its engine. */
  private Engine open(List<String> prompts, List<TokenIds> encoded, Silicon silicon, Device device)
      throws IOException {
    try (GgufFile file = GgufFile.open(weights)) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      for (String prompt : prompts) {
        encoded.add(encode(encoder, prompt));
      }
      int longest = encoded.stream().mapToInt(TokenIds::size).max().orElse(1);
      DraftSpec guesses = draft == null ? null : draft.load(file, silicon);
      ModelRunner runner = silicon.load(file, options);
      EngineSpec spec = spec(longest + maxTokens, runner);
      return adapted(device.open(spec, runner, guesses, encoder));
    }
  }

  private Engine adapted(AdapterHost base) throws IOException {
    if (lora == null) {
      return base;
    }
    try (GgufFile file = GgufFile.open(lora.path())) {
      String name = lora.path().getFileName().toString();
      return base.attach(
          new AdapterSpec("cli+lora", name, name, lora.factor()), LoraAdapter.of(file));
    }
  }

  private TokenIds encode(PromptEncoder encoder, String prompt) {
    Prompt asked =
        chat
            ? new Prompt.Chat(List.of(Prompt.Message.of("user", prompt)), null)
            : new Prompt.Text(prompt);
    return switch (encoder.encode(asked)) {
      case Encoding.Encoded(TokenIds tokens) -> tokens;
      case Encoding.Rejected(String message) -> throw new IllegalArgumentException(message);
    };
  }

  private EngineSpec spec(int tokens, ModelRunner runner) {
    if (tokens > runner.maxContext()) {
      throw new IllegalArgumentException(
          "prompt and answer take %d tokens and this model has a context of %d: ask for fewer with --max-tokens or shorten the prompt"
              .formatted(tokens, runner.maxContext()));
    }
    // Room for the engine's warm-up beside the longest prompt.
    int blocks = Math.ceilDiv(Math.max(tokens, 256), ModelRunner.BLOCK_TOKENS) + 16;
    String name = weights.getFileName().toString();
    return new EngineSpec(
        "cli",
        "cli",
        name,
        name,
        Set.of(),
        1,
        runner.maxContext(),
        blocks,
        512,
        4,
        EngineSpec.MAX_DRAFTS,
        1,
        Integer.MAX_VALUE);
  }

  private GenerationRequest request(String id, TokenIds prompt) {
    SamplingSpec sampling = new SamplingSpec(temperature, 0, 1, 0, 0, 0, 1, Map.of(), seed, -1);
    return new GenerationRequest(
        id,
        prompt,
        sampling,
        maxTokens,
        List.of(),
        false,
        Lane.INTERACTIVE,
        0,
        0,
        Long.MAX_VALUE,
        "",
        true);
  }
}
