package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ClairvoyantSearchTest {
  private static final long FROM = 10_000_000_000L;
  private static final Simulation ONE =
      new Simulation(TestingFleet.of(1), 256, 1, Simulation.LOCAL, List.of());

  private static Tally improved(int trials) {
    ClairvoyantSearch search = new ClairvoyantSearch(ONE, TestingFleet.arrivals(8, 30, 1), FROM, 3);
    return search.improve(
        List.of(search.watch(Controls.referenceOnly()), search.watch(Controls.roundRobin())),
        trials);
  }

  @Test
  void keepsTheBetterStartWithoutTrials() {
    Tally roundRobin = new Tally(FROM);
    ONE.run(TestingFleet.arrivals(8, 30, 1), Controls.roundRobin(), 3, roundRobin);
    Tally reference = new Tally(FROM);
    ONE.run(TestingFleet.arrivals(8, 30, 1), Controls.referenceOnly(), 3, reference);
    assertThat(improved(0).qwg())
        .isGreaterThanOrEqualTo(Math.max(roundRobin.qwg(), reference.qwg()));
  }

  @Test
  void earnsMoreWithTrialsAndTheSameEveryTime() {
    Tally searched = improved(20);
    assertThat(searched.qwg()).isGreaterThan(improved(0).qwg());
    assertThat(improved(20).qwg()).isEqualTo(searched.qwg());
  }

  @Test
  void writesDownWhoAnsweredWhat() {
    ClairvoyantSearch search = new ClairvoyantSearch(ONE, TestingFleet.arrivals(2, 20, 1), FROM, 3);
    ClairvoyantSearch.Run smallest = search.watch(Controls.smallestOnly());
    assertThat(smallest.assignment()).containsOnly(2);
    ClairvoyantSearch.Run again = search.watch(Controls.assigned(smallest.assignment()));
    assertThat(again.qwg()).isEqualTo(smallest.qwg());
    assertThat(again.met()).isEqualTo(smallest.met());
  }
}
