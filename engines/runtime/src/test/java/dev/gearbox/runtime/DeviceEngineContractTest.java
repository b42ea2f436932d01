package dev.gearbox.runtime;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.EngineContract;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

final class DeviceEngineContractTest extends EngineContract {
  private final Device device = new Device("fake", System::nanoTime, new RecordingSink());

  @Override
  protected Engine open(int maxSequences, int queueLimit) {
    EngineSpec spec =
        new EngineSpec(
            "pool/fake",
            "pool",
            "fake",
            "fake-1",
            Set.of(Feature.LOGPROBS),
            maxSequences,
            2048,
            512,
            64,
            queueLimit,
            EngineSpec.MAX_DRAFTS);
    return device.open(spec, new TestingModelRunner(64, 500_000), new TestingPromptEncoder());
  }

  @AfterEach
  void closeDevice() {
    device.close();
  }
}
