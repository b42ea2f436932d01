package dev.gearbox.policy.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class IntervalTest {
  @Test
  void isStudentsForFewValuesAndForMany() {
    assertThat(Interval.t(4)).isCloseTo(2.7764, within(0.02));
    assertThat(Interval.t(9)).isCloseTo(2.2622, within(0.002));
    assertThat(Interval.t(29)).isCloseTo(2.0452, within(0.001));
  }

  @Test
  void liesAroundTheMean() {
    Interval interval = Interval.of(new double[] {1, 2, 3, 4});
    assertThat(interval.mean()).isEqualTo(2.5);
    assertThat(interval.high() - 2.5).isCloseTo(3.1824 * Math.sqrt(5.0 / 12), within(0.1));
    assertThat(2.5 - interval.low()).isCloseTo(interval.high() - 2.5, within(1e-12));
  }

  @Test
  void knowsHowLikelyADifferenceIsByChance() {
    assertThat(Interval.chance(new double[] {1, 2, 3, 4})).isCloseTo(0.0305, within(1e-4));
    assertThat(Interval.chance(new double[] {-1, -2, -3, -4, -5})).isCloseTo(0.0132, within(1e-4));
    assertThat(Interval.chance(new double[] {0, 2})).isCloseTo(0.5, within(1e-9));
    assertThat(Interval.chance(new double[] {0, 0})).isEqualTo(1);
  }

  @Test
  void correctsChancesAfterHolm() {
    assertThat(Interval.holm(new double[] {0.01, 0.04, 0.03, 0.9}))
        .containsExactly(new double[] {0.04, 0.09, 0.09, 0.9}, within(1e-12));
  }
}
