package dev.gearbox.cpu.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.cpu.kernel.KvType;
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
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * SmolLM2 answers greedily with the same tokens alone and beside others for whom there are too few
 * blocks, so that sequences are preempted and computed again, whatever the number of workers.
 */
@Tag("weights")
final class PressedAnswersTest {
  private static final int SEQUENCES = 6;
  private static final int ANSWER = 40;

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {"f16 full", "q8_0 window:32,sinks:4", "f32 top-blocks:8"})
  void preemptionLosesNothing(String type, String attention)
      throws IOException, InterruptedException {
    CpuOptions options = new CpuOptions(KvType.of(type), AttentionSpec.parse(attention));
    List<List<Integer>> alone = new ArrayList<>();
    try (CpuWorkers workers = new CpuWorkers(1);
        Device device = new Device("cpu-simd", System::nanoTime, new TestingSink())) {
      Engine engine = open(device, workers, options, 200);
      for (int i = 0; i < SEQUENCES; i++) {
        alone.add(TestingSubscriber.to(engine.submit(request(engine, i))).await().tokens());
      }
      assertThat(engine.counters().preemptions()).isZero();
    }
    try (CpuWorkers workers = new CpuWorkers(2);
        Device device = new Device("cpu-simd", System::nanoTime, new TestingSink())) {
      Engine engine = open(device, workers, options, 28);
      // The device is held until all have come.
      CountDownLatch come = new CountDownLatch(1);
      List<TestingSubscriber> pressed = new ArrayList<>();
      for (int i = 0; i < SEQUENCES; i++) {
        pressed.add(
            TestingSubscriber.to(
                engine.submit(request(engine, i)), Long.MAX_VALUE, subscriber -> await(come)));
      }
      come.countDown();
      for (int i = 0; i < SEQUENCES; i++) {
        assertThat(pressed.get(i).await().tokens()).as("answer " + i).isEqualTo(alone.get(i));
      }
      assertThat(engine.counters().preemptions()).isPositive();
    }
  }

  private static Engine open(Device device, CpuWorkers workers, CpuOptions options, int blocks)
      throws IOException {
    EngineSpec spec =
        new EngineSpec("cpu/s", "cpu", "s", "s", Set.of(), SEQUENCES, 512, blocks, 512, 8, 0);
    try (GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      return device.open(spec, CpuModel.load(file, workers, options), encoder);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static GenerationRequest request(Engine engine, int i) {
    String text = "Tell me a story about number %d. ".formatted(i).repeat(8 + i);
    Prompt prompt = new Prompt.Chat(List.of(Prompt.Message.of("user", text)), null);
    TokenIds tokens =
        switch (engine.encode(prompt)) {
          case Encoding.Encoded(TokenIds ids) -> ids;
          case Encoding.Rejected(String message) -> throw new AssertionError(message);
        };
    return new GenerationRequest(
        "r" + i,
        tokens,
        SamplingSpec.GREEDY,
        ANSWER,
        List.of(),
        true,
        Lane.INTERACTIVE,
        0,
        0,
        Long.MAX_VALUE,
        "",
        false);
  }
}
