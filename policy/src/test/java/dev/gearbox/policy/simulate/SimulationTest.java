package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.simulate.Simulation.Loss;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

final class SimulationTest {
  private static final Arm.Factory GEARBOX = GearboxArm.of(ConservativeRules.INSTANCE);

  private static Simulation plan(int devices, int gateways, Loss... losses) {
    return new Simulation(
        TestingFleet.of(devices), 256, gateways, Simulation.LOCAL, List.of(losses));
  }

  private static List<Ended> run(
      Simulation simulation, List<Arrival> arrivals, Arm.Factory arm, long seed) {
    List<Ended> ended = new ArrayList<>();
    simulation.run(arrivals, arm, seed, ended::add);
    return ended;
  }

  @Test
  void givesEqualRunsForEqualSeeds() {
    List<Arrival> arrivals = TestingFleet.arrivals(8, 60, 1);
    List<Ended> first = run(plan(2, 2), arrivals, GEARBOX, 7);
    assertThat(run(plan(2, 2), arrivals, GEARBOX, 7)).isEqualTo(first);
    assertThat(run(plan(2, 2), arrivals, GEARBOX, 8)).isNotEqualTo(first);
  }

  @Test
  void endsEveryRequestOnce() {
    // Far more than the device can do, so that queues fill, deadlines pass and some are refused.
    List<Arrival> arrivals = TestingFleet.arrivals(120, 30, 2);
    List<Ended> ended = run(plan(1, 1), arrivals, GEARBOX, 1);
    assertThat(ended.stream().map(each -> each.arrival().number()).sorted())
        .containsExactlyElementsOf(arrivals.stream().map(Arrival::number).toList());
    assertThat(ended).extracting(Ended::outcome).contains(Outcome.LENGTH, Outcome.REFUSED);
  }

  @Test
  void turnsAwayWhatHasNoPlaceUnderAnArmThatRefusesNothing() {
    List<Arrival> arrivals = TestingFleet.arrivals(120, 30, 2);
    List<Ended> ended = run(plan(1, 1), arrivals, Controls.referenceOnly(), 1);
    assertThat(ended).hasSameSizeAs(arrivals);
    assertThat(ended).extracting(Ended::variant).containsOnly("large", null);
    assertThat(ended).extracting(Ended::outcome).contains(Outcome.REFUSED);
  }

  @Test
  void movesWhatALostDeviceHadNotBegunAndFailsWhatItHad() {
    // More than the large variant can do, so that both devices are in the middle of answers.
    List<Arrival> arrivals = TestingFleet.arrivals(6, 40, 3);
    Loss loss = new Loss(0, Duration.ofSeconds(20));
    List<Ended> ended = run(plan(2, 1, loss), arrivals, Controls.referenceOnly(), 1);
    assertThat(ended).hasSameSizeAs(arrivals);
    List<Ended> failed = ended.stream().filter(each -> each.outcome() == Outcome.FAILED).toList();
    assertThat(failed).isNotEmpty();
    assertThat(failed).allMatch(each -> each.arrival().nanos() < 20_000_000_000L);
    assertThat(ended)
        .filteredOn(each -> each.arrival().nanos() > 21_000_000_000L)
        .extracting(Ended::outcome)
        .contains(Outcome.LENGTH)
        .doesNotContain(Outcome.FAILED);
  }

  @Test
  void failsEverythingOnceAllIsLost() {
    List<Arrival> arrivals = TestingFleet.arrivals(20, 40, 3);
    List<Ended> ended = run(plan(1, 1, new Loss(0, Duration.ofSeconds(20))), arrivals, GEARBOX, 1);
    assertThat(ended)
        .filteredOn(each -> each.arrival().nanos() > 21_000_000_000L)
        .allMatch(each -> each.outcome() == Outcome.REFUSED);
  }

  @Test
  void decidesAsTheLivePolicyDoesOnTheSameFacts() {
    List<String> differences = new ArrayList<>();
    int[] decisions = {0};
    Arm.Factory both = (fleet, clock, seed) -> new Twin(fleet, clock, seed, differences, decisions);
    run(plan(2, 1), TestingFleet.arrivals(15, 40, 4), both, 5);
    assertThat(decisions[0]).isGreaterThan(300);
    assertThat(differences).isEmpty();
  }

  @Test
  void countsEveryRequestOnceWhetherAnEngineHasSpokenOfItOrNot() {
    List<Counted> counted = new ArrayList<>();
    Arm.Factory arms =
        (fleet, clock, seed) -> new Counting(GearboxArm.predictor(fleet, clock, seed), counted);
    new Simulation(TestingFleet.of(1), 256, 1, Duration.ZERO, List.of())
        .run(oneByOne(30, 20), arms, 1, ended -> {});
    assertThat(counted).hasSizeGreaterThan(300).anyMatch(each -> each.there() > 20);
    assertThat(counted).allMatch(each -> each.seen() == each.there());
  }

  @Test
  void answersFasterOnAnIdleFleetThanUnderLoad() {
    Tally idle = new Tally(0);
    plan(1, 1).run(TestingFleet.arrivals(0.2, 300, 6), Controls.referenceOnly(), 1, idle);
    Tally loaded = new Tally(0);
    plan(1, 1).run(TestingFleet.arrivals(20, 60, 6), Controls.referenceOnly(), 1, loaded);
    assertThat(idle.qwg()).isGreaterThan(0.9).isGreaterThan(loaded.qwg() + 0.3);
  }

  @Test
  void refusesADeviceToLoseThatIsNotThere() {
    assertThatThrownBy(() -> plan(1, 1, new Loss(1, Duration.ofSeconds(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no device 1");
  }

  /** Arrivals of which no two come at the same nanosecond. */
  private static List<Arrival> oneByOne(double rate, double seconds) {
    return TestingFleet.TRAFFIC.synthetic(TestingFleet.LENGTHS, rate, 1, seconds, 8);
  }

  /**
   * Requests at a moment.
   *
   * @param seen by the policy
   * @param there for certain
   */
  private record Counted(int seen, int there) {}

  /** Sends requests where the policy wants them, and counts them beside it. */
  private static final class Counting extends ForwardingArm {
    private final GearboxArm arm;
    private final List<Counted> counted;
    private final Set<String> there = new HashSet<>();

    Counting(GearboxArm arm, List<Counted> counted) {
      super(arm);
      this.arm = arm;
      this.counted = counted;
    }

    @Override
    public Decision decide(RequestFacts request, Signals signals) {
      int seen = 0;
      for (CandidateFacts each : arm.candidates(request, signals)) {
        seen += each.running() + each.waiting();
      }
      counted.add(new Counted(seen, there.size()));
      return super.decide(request, signals);
    }

    @Override
    public void submitted(String requestId) {
      there.add(requestId);
      super.submitted(requestId);
    }

    @Override
    public void complete(RequestTimeline timeline) {
      there.remove(timeline.requestId());
      super.complete(timeline);
    }
  }

  /**
   * Two policies on the same facts, of which one is wired by the simulator and one as serving does.
   */
  private static final class Twin extends ForwardingArm {
    private final LivePolicy live;
    private final List<String> differences;
    private final int[] decisions;

    Twin(Fleet fleet, LongSupplier clock, long seed, List<String> differences, int[] decisions) {
      super(GEARBOX.open(fleet, clock, seed));
      this.live = new LivePolicy(fleet, clock, seed);
      this.differences = differences;
      this.decisions = decisions;
    }

    @Override
    public Decision decide(RequestFacts request, Signals signals) {
      Decision decision = super.decide(request, signals);
      Decision other = live.decide(request, signals);
      decisions[0]++;
      if (!decision.equals(other)) {
        differences.add(decision + " against " + other);
      }
      return decision;
    }

    @Override
    public void submitted(String requestId) {
      super.submitted(requestId);
      live.submitted(requestId);
    }

    @Override
    public void step(StepRecord step) {
      super.step(step);
      live.store.step(step);
    }

    @Override
    public void complete(RequestTimeline timeline) {
      super.complete(timeline);
      live.store.finished(timeline);
    }
  }
}
