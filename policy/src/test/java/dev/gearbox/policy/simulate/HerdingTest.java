package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Gateways side by side whose views of the devices are old. */
class HerdingTest {
  private final Rules rules = compile();

  @Test
  void tenGatewaysWithOldViewsSpreadRequestsAsOneThatSeesAllDoes() {
    Run one = new Run(14, 1, Simulation.LOCAL, ChoiceOptions.DEFAULT);
    Run ten = new Run(14, 10, Duration.ofMillis(500), ChoiceOptions.DEFAULT);
    for (long seed = 1; seed <= 2; seed++) {
      one.add(70, seed);
      ten.add(70, seed);
    }

    // 0.25 against 0.27, and 1.00 against 0.99; gateways that never look again get 0.85.
    assertThat(ten.busiest()).isLessThan(one.busiest() + 0.05);
    assertThat(ten.tally.goodput()).isGreaterThan(one.tally.goodput() - 0.05);
  }

  private static Rules compile() {
    try {
      return RuleBase.compile(List.of(RuleSource.builtIn()));
    } catch (RuleException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What came of runs with the same arrivals, and where each second's requests went. */
  private final class Run {
    private final Tally tally = new Tally(0);
    private final TreeMap<Long, int[]> seconds = new TreeMap<>();
    private final int devices;
    private final Simulation simulation;
    private final Arm.Factory arms;

    Run(int devices, int gateways, Duration signalAge, ChoiceOptions options) {
      this.devices = devices;
      Fleet fleet = TestingFleet.of(devices);
      this.simulation = new Simulation(fleet, 256, gateways, signalAge, List.of());
      this.arms = GearboxArm.of(rules, options);
    }

    void add(double rate, long seed) {
      simulation.run(
          TestingFleet.arrivals(rate, 40, seed),
          (of, clock, each) -> new Watched(arms.open(of, clock, each), seed),
          seed,
          tally);
    }

    /** Share of the busiest device in a second's requests, in the mean. */
    double busiest() {
      return seconds.values().stream()
          .mapToDouble(counts -> {
            int most = 0;
            int all = 0;
            for (int count : counts) {
              most = Math.max(most, count);
              all += count;
            }
            return (double) most / all;
          })
          .average()
          .orElseThrow();
    }

    private final class Watched extends ForwardingArm {
      private final long seed;

      Watched(Arm arm, long seed) {
        super(arm);
        this.seed = seed;
      }

      @Override
      public Decision decide(RequestFacts request, Signals signals) {
        Decision decision = super.decide(request, signals);
        if (decision instanceof Decision.Route route) {
          String engine = route.engine();
          int number = engine.indexOf('#');
          int device = number < 0 ? 0 : Integer.parseInt(engine.substring(number + 1));
          long second = seed * 1_000_000 + request.arrivedNanos() / 1_000_000_000L;
          seconds.computeIfAbsent(second, any -> new int[devices])[device]++;
        }
        return decision;
      }
    }
  }
}
