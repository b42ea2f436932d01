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

/** Four gateways that look at eight devices every two seconds. */
class HerdingTest {
  private static final int DEVICES = 8;
  private static final double RATE = 60;

  private final Rules rules = compile();

  @Test
  void aPickAmongEqualsKeepsGatewaysWithOldSignalsFromGoingToTheSameDevice() {
    Run best = new Run();
    Run spread = new Run();
    for (long seed = 1; seed <= 32; seed++) {
      best.add(ChoiceOptions.DEFAULT.near(0), seed);
      spread.add(ChoiceOptions.DEFAULT, seed);
    }

    assertThat(spread.busiest()).isLessThan(best.busiest());
    // Seeds differ by a few points: over these it is 0.551 against 0.547.
    assertThat(spread.tally.qwg()).isGreaterThan(best.tally.qwg());
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

    void add(ChoiceOptions options, long seed) {
      Fleet fleet = TestingFleet.of(DEVICES);
      Simulation simulation = new Simulation(fleet, 256, 4, Duration.ofSeconds(2), List.of());
      Arm.Factory arms = GearboxArm.of(rules, options);
      simulation.run(
          TestingFleet.arrivals(RATE, 40, seed),
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
          seconds.computeIfAbsent(second, any -> new int[DEVICES])[device]++;
        }
        return decision;
      }
    }
  }
}
