package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.runtime.PromptScorer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What an engine says of a text beside other work is what the offline scorer, which measures
 * quality, says of it.
 */
@Tag("weights")
final class ScoredTextTest {
  private static final String TEXT =
      "The committee met on Tuesday to discuss the plan. Nobody had read it. ".repeat(12);

  @Test
  void anEngineAndTheOfflineScorerAgree() throws IOException {
    try (CpuWorkers workers = new CpuWorkers(2);
        Device device = new Device("cpu-simd", System::nanoTime, new TestingSink());
        GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      EngineSpec spec = new EngineSpec("cpu/s", "cpu", "s", "s", Set.of(), 4, 512, 100, 256, 8, 0);
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      Engine engine = device.open(spec, CpuModel.load(file, workers), encoder);
      TokenIds text = tokens(engine);
      List<Double> offline = new ArrayList<>();
      new PromptScorer(CpuModel.load(file, workers), text.size(), OptionalInt.empty())
          .score(text, (index, logProbability) -> offline.add(logProbability));
      int context = text.size() / 2 + 1;

      TestingSubscriber beside =
          TestingSubscriber.to(engine.submit(GenerationRequest.greedy("m", text.first(40), 30)));
      TestingSubscriber scored =
          TestingSubscriber.to(
              engine.submit(
                  GenerationRequest.scoring(
                      "s", text.first(context), text.after(context), "", Long.MAX_VALUE)));

      List<Double> online = scores(scored);
      assertThat(beside.finished()).isNotNull();
      assertThat(online).hasSameSizeAs(offline).hasSizeGreaterThan(60);
      double difference = 0;
      for (int i = 0; i < online.size(); i++) {
        assertThat(online.get(i)).as("token " + i).isCloseTo(offline.get(i), within(0.25));
        difference += online.get(i) - offline.get(i);
      }
      assertThat(difference / online.size()).isCloseTo(0, within(0.02));
    }
  }

  private static TokenIds tokens(Engine engine) {
    return switch (engine.encode(new Prompt.Text(TEXT))) {
      case Encoding.Encoded(TokenIds ids) -> ids;
      case Encoding.Rejected(String message) -> throw new AssertionError(message);
    };
  }

  private static List<Double> scores(TestingSubscriber scored) {
    List<Double> values = new ArrayList<>();
    for (TokenEvent event : scored.await().events()) {
      if (event instanceof TokenEvent.Token token) {
        values.add(Objects.requireNonNull(token.logprob()).value());
      }
    }
    return values;
  }
}
