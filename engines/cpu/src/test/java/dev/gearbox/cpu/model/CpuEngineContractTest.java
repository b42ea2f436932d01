package dev.gearbox.cpu.model;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.EngineContract;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.PromptEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** The contract on real weights. */
@Tag("weights")
final class CpuEngineContractTest extends EngineContract {

  private final CpuWorkers workers = new CpuWorkers(2);
  private final Device device = new Device("cpu-simd", System::nanoTime, new TestingSink());

  @Override
  protected Engine open(int maxSequences, int queueLimit) {
    EngineSpec spec =
        new EngineSpec(
            "cpu/smollm2",
            "cpu",
            "smollm2",
            "smollm2-test",
            Set.of(Feature.CHAT, Feature.LOGPROBS, Feature.LOGIT_BIAS),
            maxSequences,
            1024,
            640,
            256,
            queueLimit,
            EngineSpec.MAX_DRAFTS);
    try (GgufFile file = GgufFile.open(TestingWeights.smolLm2())) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      return device.open(spec, CpuModel.load(file, workers), encoder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + TestingWeights.smolLm2(), e);
    }
  }

  @AfterEach
  void closeDevice() {
    device.close();
    workers.close();
  }
}
