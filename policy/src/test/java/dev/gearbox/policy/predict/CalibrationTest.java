package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  private static final long MILLISECOND = 1_000_000;

  @Test
  void startsAsWhatItIsTold() {
    Calibration calibration = new Calibration();

    for (double p : new double[] {0, 0.01, 0.3, 0.5, 0.99, 1}) {
      assertThat(calibration.at(0).of(p)).isCloseTo(p, within(1e-9));
    }
  }

  @Property(tries = 30, seed = "20261122")
  void chancesComeTrueAsOftenAsTheySayWhateverTheErrorWas(
      @ForAll long seed,
      @ForAll @DoubleRange(min = -2, max = 2) double shift,
      @ForAll @DoubleRange(min = 0.4, max = 1.8) double slope) {
    SplittableRandom random = new SplittableRandom(seed);
    Calibration calibration = new Calibration();
    double[] said = new double[4];
    double[] came = new double[4];
    int[] count = new int[4];
    for (int i = 0; i < 6000; i++) {
      double raw = random.nextDouble(0.02, 0.98);
      double truth = sigmoid(shift + slope * Math.log(raw / (1 - raw)));
      boolean met = random.nextDouble() < truth;
      double p = calibration.at(i * MILLISECOND).of(raw);
      if (i >= 2000) {
        int quarter = (int) Math.min(3, p * 4);
        said[quarter] += p;
        came[quarter] += met ? 1 : 0;
        count[quarter]++;
      }
      calibration.observe(raw, met, i * MILLISECOND);
    }
    for (int i = 0; i < 4; i++) {
      if (count[i] >= 300) {
        assertThat(said[i] / count[i]).isCloseTo(came[i] / count[i], within(0.1));
      }
    }
  }

  @Property(tries = 100)
  void aBetterChanceStaysABetterChance(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Calibration calibration = new Calibration();
    for (int i = 0; i < 200; i++) {
      calibration.observe(random.nextDouble(), random.nextBoolean(), 0);
    }
    double before = 0;
    for (int i = 0; i <= 100; i++) {
      double p = calibration.at(0).of(i / 100.0);
      assertThat(p).isBetween(before, 1.0);
      before = p;
    }
  }

  @Test
  void aFewMissesDoNotTurnEverythingOver() {
    Calibration calibration = new Calibration();
    for (int i = 0; i < 3; i++) {
      calibration.observe(0.95, false, 0);
    }

    assertThat(calibration.at(0).of(0.95)).isBetween(0.4, 0.95);
  }

  @Test
  void whatABurstTaughtIsForgottenWhenNothingMoreIsSeen() {
    Calibration calibration = new Calibration();
    for (int i = 0; i < 200; i++) {
      calibration.observe(0.95, false, 0);
    }
    long later = 10 * Calibration.HALF_LIFE_NANOS;

    assertThat(calibration.at(0).of(0.95)).isLessThan(0.5);
    assertThat(calibration.at(later / 10).of(0.95)).isBetween(0.5, 0.94);
    assertThat(calibration.at(later).of(0.95)).isCloseTo(0.95, within(0.01));

    for (int i = 0; i < 200; i++) {
      calibration.observe(0.95, false, later);
    }
    assertThat(calibration.at(later).of(0.95)).isLessThan(0.5);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
