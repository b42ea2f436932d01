package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Answers of SmolLM2 are the same tokens whether they are guessed ahead or not, whoever is in the
 * batch, however prompts are cut, and whatever is preempted.
 */
@Tag("weights")
final class SameAnswersTest {
  private static final String CODE =
      """
      public int total(List<Item> items) {
        int total = 0;
        for (Item item : items) {
          total += item.count();
        }
        return total;
      }
      """;
  private static final List<String> PROMPTS =
      List.of(
          "Repeat this code exactly:\n" + CODE,
          "Rename the variable `total` to `sum`:\n" + CODE,
          "Count from one to twenty in words, twice.",
          "Why is the sky blue?");

  private static final CpuWorkers WORKERS = new CpuWorkers(2);
  private static final Device DEVICE = new Device("cpu-simd", System::nanoTime, new TestingSink());
  private static Engine engine;
  private static int ids;

  @BeforeAll
  static void open() throws IOException, InterruptedException {
    engine = open(DEVICE, WORKERS, 512, 200);
  }

  /** Opens an engine and waits until it is warm. */
  private static Engine open(Device device, CpuWorkers workers, int stepTokens, int kvBlocks)
      throws IOException, InterruptedException {
    EngineSpec spec =
        new EngineSpec(
            "cpu/" + ids++,
            "cpu",
            "s",
            "s",
            Set.of(),
            4,
            512,
            kvBlocks,
            stepTokens,
            8,
            EngineSpec.MAX_DRAFTS);
    try (GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      Engine opened = device.open(spec, CpuModel.load(file, workers), encoder);
      while (opened.signal().state() != State.READY) {
        Thread.sleep(10);
      }
      return opened;
    }
  }

  @AfterAll
  static void close() {
    DEVICE.close();
    WORKERS.close();
  }

  @Test
  void greedyOnesOneByOne() {
    long before = engine.counters().acceptedTokens();
    for (String prompt : PROMPTS) {
      List<Integer> plain = submit(prompt, 48, SamplingSpec.GREEDY, false).await().tokens();
      List<Integer> ahead = submit(prompt, 48, SamplingSpec.GREEDY, true).await().tokens();
      assertThat(ahead).as(prompt).isEqualTo(plain);
    }
    assertThat(engine.counters().acceptedTokens()).isGreaterThan(before);
  }

  @Test
  void sampledOnesOfASeed() {
    SamplingSpec seeded = new SamplingSpec(0.8f, 50, 0.9f, 0, 0.1f, 0.1f, 1, Map.of(), 7L, 2);
    for (String prompt : PROMPTS) {
      TestingSubscriber plain = submit(prompt, 24, seeded, false).await();
      TestingSubscriber ahead = submit(prompt, 24, seeded, true).await();
      // Each token with its log-probability; the end carries times.
      assertThat(ahead.events().subList(0, ahead.events().size() - 1))
          .isEqualTo(plain.events().subList(0, plain.events().size() - 1));
    }
  }

  @Test
  void greedyOnesTogether() {
    assertThat(together(true)).isEqualTo(together(false));
  }

  @ParameterizedTest
  @CsvSource({"1, 512, 200", "1, 16, 18", "2, 48, 200", "2, 24, 18"})
  void greedyOnesWhateverTheWorkersTheChunksAndTheBlocks(int threads, int stepTokens, int kvBlocks)
      throws IOException, InterruptedException {
    List<List<Integer>> alone = new ArrayList<>();
    for (String prompt : PROMPTS) {
      alone.add(submit(prompt, 32, SamplingSpec.GREEDY, false).await().tokens());
    }
    try (CpuWorkers workers = new CpuWorkers(threads);
        Device device = new Device("other", System::nanoTime, new TestingSink())) {
      Engine other = open(device, workers, stepTokens, kvBlocks);
      for (boolean speculate : new boolean[] {false, true}) {
        List<TestingSubscriber> answers = new ArrayList<>();
        for (String prompt : PROMPTS) {
          answers.add(
              TestingSubscriber.to(
                  other.submit(request(prompt, 32, SamplingSpec.GREEDY, speculate))));
        }
        assertThat(answers.stream().map(answer -> answer.await().tokens()).toList())
            .isEqualTo(alone);
      }
      assertThat(other.counters().preemptions() > 0).isEqualTo(kvBlocks < 20);
    }
  }

  /**
   * The device is held until all have come, so that all prompts share one step and no kernel
   * depends on who was first.
   */
  private static List<List<Integer>> together(boolean speculate) {
    CountDownLatch come = new CountDownLatch(1);
    TestingSubscriber.to(
        engine.submit(request("Hold.", 1, SamplingSpec.GREEDY, false)),
        Long.MAX_VALUE,
        subscriber -> await(come));
    List<TestingSubscriber> answers = new ArrayList<>();
    for (String prompt : PROMPTS) {
      answers.add(submit(prompt, 32, SamplingSpec.GREEDY, speculate));
    }
    come.countDown();
    return answers.stream().map(answer -> answer.await().tokens()).toList();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static TestingSubscriber submit(
      String text, int maxTokens, SamplingSpec sampling, boolean speculate) {
    return TestingSubscriber.to(engine.submit(request(text, maxTokens, sampling, speculate)));
  }

  private static GenerationRequest request(
      String text, int maxTokens, SamplingSpec sampling, boolean speculate) {
    return new GenerationRequest(
        "r" + ids,
        encode(text),
        sampling,
        maxTokens,
        List.of(),
        true,
        Lane.INTERACTIVE,
        0,
        0,
        Long.MAX_VALUE,
        // Nobody's blocks are found again: kernels depend on how much of a prompt is computed.
        "salt" + ids++,
        speculate);
  }

  private static TokenIds encode(String text) {
    return switch (engine.encode(new Prompt.Chat(List.of(Prompt.Message.of("user", text)), null))) {
      case Encoding.Encoded(TokenIds tokens) -> tokens;
      case Encoding.Rejected(String message) -> throw new AssertionError(message);
    };
  }
}
