package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TrafficTest {
  private static final Trace TRACE =
      new Trace(
          "even",
          IntStream.range(0, 1000)
              .mapToObj(i -> new Trace.Row(i * 0.5, 800, 100, List.of()))
              .toList());

  private static double rate(List<Arrival> arrivals, double seconds) {
    return arrivals.size() / seconds;
  }

  private static double variation(List<Arrival> arrivals) {
    List<Double> gaps = new ArrayList<>();
    for (int i = 1; i < arrivals.size(); i++) {
      gaps.add((arrivals.get(i).nanos() - arrivals.get(i - 1).nanos()) / 1e9);
    }
    double mean = gaps.stream().mapToDouble(gap -> gap).average().orElseThrow();
    double square = gaps.stream().mapToDouble(g -> (g - mean) * (g - mean)).sum() / gaps.size();
    return Math.sqrt(square) / mean;
  }

  @Test
  void thinsATraceToTheRateAskedFor() {
    List<Arrival> arrivals = TestingFleet.TRAFFIC.of(TRACE, 0.5, 1, 5000, 1);
    assertThat(rate(arrivals, 5000)).isCloseTo(0.5, within(0.05));
  }

  @Test
  void laysCopiesOverEachOtherWhereTheTraceIsTooSlow() {
    List<Arrival> arrivals = TestingFleet.TRAFFIC.of(TRACE, 11, 1, 1000, 1);
    assertThat(rate(arrivals, 1000)).isCloseTo(11, within(0.5));
    assertThat(arrivals).isSortedAccordingTo((a, b) -> Long.compare(a.nanos(), b.nanos()));
    assertThat(arrivals.getLast().nanos()).isGreaterThan(990_000_000_000L);
  }

  @Test
  void keepsAnUnthinnedTraceAsItIs() {
    List<Arrival> arrivals = TestingFleet.TRAFFIC.of(TRACE, TRACE.rate(), 1, 400, 3);
    assertThat(arrivals).hasSizeBetween(798, 802);
    assertThat(variation(arrivals)).isLessThan(0.1);
  }

  @Test
  void stretchesTimeBeforeItThins() {
    List<Arrival> arrivals = TestingFleet.TRAFFIC.of(TRACE, 0.2, 10, 1000, 3);
    assertThat(rate(arrivals, 1000)).isCloseTo(0.2, within(0.02));
    assertThat(variation(arrivals)).isLessThan(0.1);
  }

  @Test
  void scalesLengthsAndKeepsThemWithinTheirLimits() {
    Traffic.Lengths lengths = new Traffic.Lengths(0.1, 0.001, 64, 32);
    Traffic traffic = new Traffic(TestingFleet.TRAFFIC.mix(), lengths);
    Arrival first = traffic.of(TRACE, 1, 1, 100, 1).getFirst();
    assertThat(first.promptTokens()).isEqualTo(64);
    assertThat(first.outputTokens()).isEqualTo(1);
  }

  @Test
  void drawsClassesByTheirShares() {
    List<Arrival> arrivals = TestingFleet.arrivals(10, 1000, 5);
    long batch = arrivals.stream().filter(a -> a.serviceClass().equals(TestingFleet.BATCH)).count();
    assertThat((double) batch / arrivals.size()).isCloseTo(0.2, within(0.02));
  }

  @Test
  void drawsGapsOfTheBurstinessAskedFor() {
    List<Arrival> calm = TestingFleet.TRAFFIC.synthetic(TestingFleet.LENGTHS, 10, 1, 3000, 1);
    List<Arrival> bursts = TestingFleet.TRAFFIC.synthetic(TestingFleet.LENGTHS, 10, 3, 3000, 1);
    assertThat(rate(calm, 3000)).isCloseTo(10, within(0.3));
    assertThat(rate(bursts, 3000)).isCloseTo(10, within(1.0));
    assertThat(variation(calm)).isCloseTo(1, within(0.05));
    assertThat(variation(bursts)).isCloseTo(3, within(0.4));
  }

  @Test
  void makesEqualArrivalsForEqualSeeds() {
    assertThat(TestingFleet.arrivals(5, 50, 9)).isEqualTo(TestingFleet.arrivals(5, 50, 9));
    assertThat(TestingFleet.arrivals(5, 50, 9)).isNotEqualTo(TestingFleet.arrivals(5, 50, 10));
  }
}
