package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Engine;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ColdDeviceTest {
  @Test
  void isReadyWithoutAStepWhereNobodyWantsAWarmUp() {
    TestingModelRunner runner = new TestingModelRunner(32, 0);
    EngineSpec spec = new EngineSpec("pool/c", "pool", "c", "f", Set.of(), 8, 4096, 16, 32, 64, 8);
    try (Device device = new Device("cold", System::nanoTime, new RecordingSink(), 0)) {
      Engine engine = device.open(spec, runner, new TestingPromptEncoder());
      long giveUp = System.nanoTime() + 30_000_000_000L;
      while (engine.signal().state() != State.READY && System.nanoTime() - giveUp < 0) {
        Thread.onSpinWait();
      }
      assertThat(engine.signal().state()).isEqualTo(State.READY);
      assertThat(runner.steps()).isZero();
    }
  }
}
