package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.rule.ConservativeRules;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SloBenchTest {
  private static final double RATE = 1;
  private static final Simulation ONE =
      new Simulation(TestingFleet.of(1), 256, 1, Simulation.LOCAL, List.of());

  @Test
  void comparesEveryArmOnEqualArrivals() {
    SloBench bench =
        new SloBench(
            ONE,
            TestingFleet.TRAFFIC,
            TestingFleet.LENGTHS,
            2,
            TestingFleet::arrivals,
            List.of(RATE),
            15,
            2,
            1);
    SloBench.Result result = bench.run(ConservativeRules.INSTANCE, line -> {});

    double searched = result.cell(RATE, SloBench.CLAIRVOYANT).qwg();
    assertThat(searched)
        .isGreaterThanOrEqualTo(result.cell(RATE, SloBench.GEARBOX).qwg())
        .isGreaterThanOrEqualTo(result.cell(RATE, SloBench.HINDSIGHT).qwg());
    assertThat(result.chances(RATE))
        .containsKeys("reference-only", "fluid")
        .doesNotContainKeys(SloBench.GEARBOX, SloBench.HINDSIGHT, SloBench.CLAIRVOYANT);
    assertThat(result.coverage())
        .extracting(Coverage::load)
        .containsExactlyInAnyOrder("all", "all", "low", "low", "middle", "middle", "high", "high");
    Tally alone = new Tally((long) (SloBench.WARM_UP * 1e9));
    List<Arrival> arrivals = TestingFleet.arrivals(RATE, SloBench.WARM_UP + 15, 1);
    ONE.run(arrivals, GearboxArm.of(ConservativeRules.INSTANCE), 1, alone);
    assertThat(result.cell(RATE, SloBench.GEARBOX).runs().get(1).qwg()).isEqualTo(alone.qwg());
  }
}
