package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.telemetry.record.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CoverageTest {
  private static final Decision.Route ROUTE =
      new Decision.Route(
          "dec",
          "cpu/small",
          "small",
          "cpu",
          Lane.INTERACTIVE,
          0,
          256,
          null,
          false,
          0.6,
          new Decision.Prediction(1, 2, 0.1, 0.3, 0.9),
          List.of());

  private static Ended ended(int number, double at, double ttft, double seconds) {
    Arrival arrival =
        new Arrival(number, (long) (at * 1e9), TestingFleet.STANDARD, 10, 10, List.of());
    return new Ended(arrival, Outcome.LENGTH, "small", 0.6, true, ttft, Double.NaN, seconds, ROUTE);
  }

  @Test
  void countsWhatStayedUnderTheUpperEnd() {
    List<Ended> run = List.of(ended(0, 1, 1.5, 2), ended(1, 2, 2.5, 3), ended(2, 0, 9, 9));
    assertThat(Coverage.of(List.of(run), 1_000_000_000))
        .contains(new Coverage("cpu", "ttft", "all", 2, 0.5, 2))
        .contains(new Coverage("cpu", "tpot", "all", 0, 0, 0));
  }

  @Test
  void tellsTheLoadsApart() {
    List<Ended> run = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      run.add(ended(i, i * 100.0, 1, 2));
    }
    // All at once: these see each other, and are late.
    for (int i = 10; i < 20; i++) {
      run.add(ended(i, 5000, 3, 50));
    }
    List<Coverage> rows = Coverage.of(List.of(run), 0);
    assertThat(rows).contains(new Coverage("cpu", "ttft", "low", 6, 1, 2));
    assertThat(rows).contains(new Coverage("cpu", "ttft", "high", 7, 0, 2));
  }

  @Test
  void leavesOutWhoWasRefusedOrAnsweredByAnother() {
    Ended one = ended(0, 1, 1, 2);
    Ended moved =
        new Ended(one.arrival(), Outcome.LENGTH, "large", 1, true, 1, Double.NaN, 2, ROUTE);
    Ended refused =
        new Ended(one.arrival(), Outcome.REFUSED, null, 0, false, Double.NaN, Double.NaN, 0, null);
    assertThat(Coverage.of(List.of(List.of(moved, refused)), 0)).isEmpty();
  }
}
