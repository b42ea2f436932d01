package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.gateway.dispatch.CpuSilicon;
import dev.gearbox.gateway.dispatch.Silicon;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.DraftSpec;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.workshop.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers prompts with and without guessing ahead, in turns on one engine, so that both meet the
 * same moods of the machine. The prefix cache spares all but the first their prompt; decode alone
 * is timed.
 */
record SpeculationBench(
    Path file,
    DraftOption.@Nullable Draft draft,
    int threads,
    int generatedTokens,
    int repeat,
    Screen screen) {
  private static final String CODE =
      """
      import java.util.ArrayList;
      import java.util.List;

      public class Inventory {
        private final List<String> names = new ArrayList<>();
        private int total;

        public void add(String name, int count) {
          if (count < 0) {
            throw new IllegalArgumentException("count must not be negative");
          }
          names.add(name);
          total += count;
        }

        public int total() {
          return total;
        }
      }
      """;

  private static final String TEXT =
      """
      The lighthouse on the northern cape was built in 1874, after three ships had been lost on \
      the reef within a single winter. Its lamp burned rape oil at first, later paraffin, and was \
      turned by a clockwork that the keeper had to wind every four hours. When the clockwork \
      broke in the storm of 1911, the keeper turned the lamp by hand for two nights, until his \
      daughter came back from the village with the smith. Today the light is electric, and \
      nobody lives in the tower.
      """;

  private static final Map<String, String> PROMPTS = prompts();

  private static Map<String, String> prompts() {
    Map<String, String> prompts = new LinkedHashMap<>();
    prompts.put("repeat code", "Repeat this code exactly, and say nothing else:\n\n" + CODE);
    prompts.put(
        "edit code",
        "Rename the field `total` to `sum` in this class and print the whole class:\n\n" + CODE);
    prompts.put(
        "quote text",
        "Quote the second and the third sentence of this text, word for word:\n\n" + TEXT);
    prompts.put("write code", "Write a Java class that keeps a queue of tasks by priority.");
    prompts.put("free text", "Tell me a story about a lighthouse keeper who learns to sail.");
    return prompts;
  }

  void run(String name, boolean json) throws IOException, InterruptedException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model", name);
    if (draft != null) {
      result.put("draft", draft.name());
    }
    result.put("cpu", Machine.cpu());
    result.put("threads", threads);
    try (Silicon silicon = new CpuSilicon(threads);
        Device device = new Device("cpu-simd", System::nanoTime, NoTelemetry.INSTANCE)) {
      Engine engine = open(silicon, device);
      List<Map<String, Object>> rows = new ArrayList<>();
      for (Map.Entry<String, String> prompt : PROMPTS.entrySet()) {
        rows.add(measure(engine, prompt.getKey(), prompt.getValue()));
      }
      result.put("prompts", rows);
    }
    if (json) {
      screen.out().println(Json.write(result));
    } else {
      result.forEach((key, value) -> screen.out().println(key + ": " + value));
    }
  }

  /** Reads the file and lets go of it. */
  private Engine open(Silicon silicon, Device device) throws IOException {
    try (GgufFile gguf = GgufFile.open(file)) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(gguf));
      DraftSpec guesses = draft == null ? null : draft.load(gguf, silicon);
      ModelRunner runner = silicon.load(gguf, CpuOptions.DEFAULT);
      return device.open(spec(runner), runner, guesses, encoder);
    }
  }

  private EngineSpec spec(ModelRunner runner) {
    String name = file.getFileName().toString();
    int context = Math.min(runner.maxContext(), 1024 + generatedTokens);
    int blocks = 2 * Math.ceilDiv(context, ModelRunner.BLOCK_TOKENS);
    return new EngineSpec(
        "bench", "bench", name, name, Set.of(), 1, context, blocks, 512, 4, EngineSpec.MAX_DRAFTS);
  }

  private Map<String, Object> measure(Engine engine, String name, String text)
      throws InterruptedException {
    TokenIds prompt = encode(engine, text);
    // The first meets a cold prefix cache; how much of a prompt is computed decides on rounding.
    answer(engine, prompt, true);
    Answer expected = answer(engine, prompt, false);
    EngineCounters before = engine.counters();
    List<Double> plain = new ArrayList<>();
    List<Double> ahead = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < repeat; i++) {
      Answer without = answer(engine, prompt, false);
      Answer with = answer(engine, prompt, true);
      if (!without.tokens().equals(expected.tokens()) || !with.tokens().equals(expected.tokens())) {
        throw new IllegalStateException("the answers to \"" + name + "\" differ");
      }
      plain.add(rate(without));
      ahead.add(rate(with));
      ratios.add(rate(with) / rate(without));
    }
    EngineCounters after = engine.counters();
    long drafted = after.draftTokens() - before.draftTokens();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("prompt", name);
    row.put("tokens", expected.tokens().size());
    row.put("plain_tokens_per_second", round(median(plain)));
    row.put("speculative_tokens_per_second", round(median(ahead)));
    row.put("ratio", round(median(ratios)));
    row.put("drafts_per_answer", round((after.drafts() - before.drafts()) / (double) repeat));
    row.put("draft_tokens_per_answer", round(drafted / (double) repeat));
    double accepted = (double) (after.acceptedTokens() - before.acceptedTokens());
    row.put("acceptance", drafted == 0 ? 0 : round(accepted / drafted));
    return row;
  }

  private static TokenIds encode(Engine engine, String text) {
    return switch (engine.encode(new Prompt.Chat(List.of(Prompt.Message.of("user", text)), null))) {
      case Encoding.Encoded(TokenIds tokens) -> tokens;
      case Encoding.Rejected(String message) -> throw new IllegalArgumentException(message);
    };
  }

  private Answer answer(Engine engine, TokenIds prompt, boolean speculate)
      throws InterruptedException {
    GenerationRequest request =
        new GenerationRequest(
            "bench",
            prompt,
            SamplingSpec.GREEDY,
            generatedTokens,
            List.of(),
            false,
            Lane.INTERACTIVE,
            0,
            0,
            Long.MAX_VALUE,
            "",
            speculate);
    return Answer.of(engine.submit(request), text -> {});
  }

  private static double rate(Answer answer) {
    return (answer.tokens().size() - 1) * 1e9 / Math.max(1, answer.end().timings().decode());
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  private static double round(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
