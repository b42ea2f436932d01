package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** An adapter is a candidate of its own in the batch of its base. */
class AdapterCandidateTest {
  private static final String ADAPTER = "cpu/small+adapter";

  private final TestingPolicy gear = new TestingPolicy();

  AdapterCandidateTest() {
    gear.policy.update(
        Map.of(
            "auto",
            List.of(
                TestingPolicy.variant("small", 0.6, 90_000_000L),
                TestingPolicy.variant("adapter", 0.9, 90_000_000L),
                TestingPolicy.variant("medium", 0.8, 400_000_000L))));
  }

  @Test
  void itIsForecastByTheLoadOfItsBase() {
    gear.engine("small", State.READY, 4, 1);
    adapter(2);

    CandidateFacts base = candidate("cpu/small");
    CandidateFacts adapter = candidate(ADAPTER);
    assertThat(adapter.forecast()).isEqualTo(base.forecast());
    assertThat(adapter.running()).isEqualTo(4);
    assertThat(adapter.quality()).isEqualTo(0.9);
  }

  @Test
  void itsRequestsLoadTheDeviceOnce() {
    gear.engine("small", State.READY, 4, 0);
    CandidateFacts without = candidate("cpu/medium");
    adapter(4);

    assertThat(candidate("cpu/medium").forecast()).isEqualTo(without.forecast());
  }

  @Test
  void whatIsGivenToItIsBookedOnItsBase() {
    adapter(0);
    int before = candidate("cpu/small").waiting();
    assertThat(gear.route(gear.request(Targets.NONE)).engine()).isEqualTo(ADAPTER);

    assertThat(candidate("cpu/small").waiting()).isEqualTo(before + 1);
    assertThat(candidate(ADAPTER).waiting()).isEqualTo(before + 1);
  }

  @Test
  void withoutItsBaseItIsNoCandidate() {
    adapter(0);
    gear.engines.remove("small");

    assertThat(gear.policy.preview(gear.request(Targets.NONE), gear.signals()).row(ADAPTER))
        .isNull();
  }

  private void adapter(int running) {
    long now = gear.clock.get();
    gear.engines.put(
        "adapter",
        new EngineSignal(
            ADAPTER, "cpu", "adapter", "cpu-simd", State.READY, running, 0, 0, 0, 8, 9, 9, now));
  }

  private CandidateFacts candidate(String engine) {
    var made = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    return Objects.requireNonNull(made.row(engine), engine).facts();
  }
}
