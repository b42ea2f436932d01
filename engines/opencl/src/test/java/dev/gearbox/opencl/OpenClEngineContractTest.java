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
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract on the first layers of real weights: what it holds is how the engine behaves, and
 * PoCL takes minutes for all layers. What a whole model says is {@link OpenClSmolLm2Test}'s.
 */
@Tag("weights")
final class OpenClEngineContractTest extends EngineContract {
  private static final OpenClContext CONTEXT = TestingOpenCl.open(OpenClContext.defaultCache());

  private static final int LAYERS = 3;

  @TempDir private static Path folder;
  private static Path weights = Path.of("");

  private final Device device = new Device("gpu-opencl", System::nanoTime, new Ignored());

  @BeforeAll
  static void writeWeights() throws IOException {
    weights = TestingWeights.shallow(LAYERS, folder.resolve("shallow.gguf"));
  }

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
    try (GgufFile file = GgufFile.open(weights)) {
      PromptEncoder encoder = PromptEncoder.of(PromptCodec.of(file));
      return device.open(spec, OpenClModel.load(file, CONTEXT, KvPrecision.F16), encoder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + weights, e);
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
