package dev.gearbox.opencl;

import dev.gearbox.cpu.model.TestingWeights;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.EngineContract;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** The contract on real weights. */
@Tag("weights")
final class OpenClEngineContractTest extends EngineContract {
  private static final OpenClContext CONTEXT = TestingOpenCl.open(OpenClContext.defaultCache());

  private final Device device = new Device("gpu-opencl", System::nanoTime, new Ignored());

  @Override
  protected Engine open(int maxSequences, int queueLimit) {
    EngineSpec spec =
        new EngineSpec(
            "gpu/smollm2",
            "gpu",
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
      return device.open(spec, OpenClModel.load(file, CONTEXT, KvPrecision.F16), encoder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + TestingWeights.smolLm2(), e);
    }
  }

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @AfterAll
  static void closeContext() {
    CONTEXT.close();
  }

  /** Telemetry is another test's business. */
  private static final class Ignored implements TelemetrySink {
    @Override
    public void step(StepRecord step) {}

    @Override
    public void finished(RequestTimeline timeline) {}
  }
}
