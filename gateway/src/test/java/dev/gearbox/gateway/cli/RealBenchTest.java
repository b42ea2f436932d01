package dev.gearbox.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.simulate.Arrival;
import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.policy.simulate.Fleet;
import dev.gearbox.policy.simulate.RealBench;
import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.StepProfile;
import dev.gearbox.telemetry.signal.SignalStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Arms in real time, and their twins in virtual time. */
class RealBenchTest {
  private static final double RATE = 10;
  private static final ServiceClass PATIENT =
      new ServiceClass(
          "standard",
          new Targets(Duration.ofSeconds(60), null, null, null, null, null),
          0.95,
          Duration.ofDays(30),
          0,
          Lane.INTERACTIVE,
          ServiceClass.Weights.DEFAULT);

  @Test
  void theTwinAnswersWhatTheEnginesAnswer() throws Exception {
    VariantFacts variant =
        new VariantFacts("small", Set.of(), 0.7, 2048, Set.of(), 100_000_000L, 0);
    EngineProfile profile =
        new EngineProfile(
            "cpu",
            variant,
            new StepProfile(0.002, 0.001, 0, 0.0001, 0, 0.1, "made up"),
            8,
            512,
            512,
            32);
    ConstantEngine engine =
        new ConstantEngine("cpu/small", "cpu", "small", "cpu:0", Duration.ofMillis(5));
    try (ExecutorService listeners = Executors.newSingleThreadExecutor()) {
      SignalStore signals = new SignalStore(System::nanoTime, listeners);
      signals.addEngine(engine.id(), engine::signal);
      RealBench.Result result =
          new RealBench(
                  new Fleet("auto", List.of(List.of(profile))),
                  Map.of(engine.id(), engine),
                  signals,
                  64,
                  (rate, seconds, seed) -> arrivals((int) (rate * seconds)),
                  RealBench.armsOf(
                      ConservativeRules.INSTANCE, Set.of(SloBench.GEARBOX, "smallest-only")),
                  List.of(RATE),
                  0,
                  1,
                  2)
              .run(line -> {});

      for (List<SloBench.Cell> cells : List.of(result.real().cells(), result.twin())) {
        assertThat(cells).hasSize(2);
        for (SloBench.Cell cell : cells) {
          assertThat(cell.qwg()).as(cell.arm()).isCloseTo(0.7, within(1e-9));
          assertThat(cell.runs()).allSatisfy(run -> assertThat(run.goodput()).isEqualTo(1));
        }
      }
    }
  }

  private static List<Arrival> arrivals(int count) {
    List<Arrival> arrivals = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      arrivals.add(new Arrival(i, (long) (i * 1e9 / RATE), PATIENT, 20, 8, List.of()));
    }
    return arrivals;
  }
}
