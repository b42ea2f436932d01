package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class ErrorBandTest {
  private static final Promised NOTHING = Promised.nothing(0);

  @Property(tries = 20, seed = "20261122")
  void theBandCoversItsShareWhateverDriftThereIs(
      @ForAll long seed,
      @ForAll @DoubleRange(min = -0.5, max = 1.5) double drift,
      @ForAll @DoubleRange(min = 0.05, max = 0.8) double noise) {
    SplittableRandom random = new SplittableRandom(seed);
    ErrorBand band = new ErrorBand();
    int requests = 4000;
    int[] covered = new int[ErrorBand.LEVELS.length];
    for (int i = 0; i < requests; i++) {
      double score = drift * i / requests + noise * random.nextGaussian();
      for (int level = 0; level < covered.length; level++) {
        covered[level] += score <= band.quantile(ErrorBand.LEVELS[level]) ? 1 : 0;
      }
      band.observe(score, NOTHING);
    }
    for (int level = 0; level < covered.length; level++) {
      assertThat((double) covered[level] / requests)
          .as("level %s", ErrorBand.LEVELS[level])
          .isBetween(ErrorBand.LEVELS[level] - 0.03, ErrorBand.LEVELS[level] + 0.03);
    }
  }

  @Property(tries = 100)
  void probabilitiesAreMonotoneAndWithinBounds(
      @ForAll @DoubleRange(min = -10, max = 10) double a,
      @ForAll @DoubleRange(min = -10, max = 10) double b) {
    ErrorBand band = new ErrorBand();
    band.observe(0.2, NOTHING);

    double low = band.below(Math.min(a, b), 1);
    double high = band.below(Math.max(a, b), 1);

    assertThat(low).isBetween(0.0, high);
    assertThat(high).isLessThanOrEqualTo(1);
  }

  @Property(tries = 20, seed = "20261122")
  void theBandThatWasPromisedCoversItsShareThoughOutcomesComeLate(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.05, max = 0.8) double noise) {
    SplittableRandom random = new SplittableRandom(seed);
    ErrorBand band = new ErrorBand();
    ArrayDeque<Promised> underway = new ArrayDeque<>();
    int covered = 0;
    int requests = 4000;
    for (int i = 0; i < requests; i++) {
      underway.add(new Promised(0, 0.9, band.quantile(0.9)));
      if (underway.size() > 20) {
        Promised promised = underway.remove();
        double score = 0.4 + noise * random.nextGaussian();
        covered += score <= promised.high() ? 1 : 0;
        band.observe(score, promised);
      }
    }

    assertThat((double) covered / requests).isBetween(0.86, 0.94);
  }

  @Test
  void aBandThatCoversTooLittleIsTakenWider() {
    ErrorBand band = new ErrorBand();
    assertThat(band.widening()).isEqualTo(1);

    for (int i = 0; i < 40; i++) {
      band.observe(i % 2 == 0 ? 3 : -3, new Promised(0, 0.9, 0.1));
    }

    assertThat(band.widening()).isEqualTo(ErrorBand.CONSERVATIVE);
  }

  @Property(tries = 20, seed = "20261127")
  void holdsAsOftenOnACrowdedDeviceAsOnAnIdleOne(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ErrorBand band = new ErrorBand();
    int[] covered = new int[3];
    int[] of = new int[3];
    for (int i = 0; i < 6000; i++) {
      double crowding = 3 * random.nextDouble();
      double predicted = band.correction(crowding);
      double score = 0.8 - 0.5 * crowding + 0.3 * random.nextGaussian() - Math.log(predicted);
      if (i >= 1000) {
        of[(int) crowding]++;
        covered[(int) crowding] += score <= band.quantile(0.9) ? 1 : 0;
      }
      band.observe(score, Promised.nothing(crowding));
    }
    for (int third = 0; third < covered.length; third++) {
      assertThat((double) covered[third] / of[third]).isBetween(0.86, 0.94);
    }
  }

  @Test
  void startsAsWideAsThePrior() {
    ErrorBand band = new ErrorBand();

    assertThat(band.below(0, 1)).isBetween(0.49, 0.51);
    assertThat(band.below(ErrorBand.PRIOR_SIGMA, 1)).isBetween(0.82, 0.86);
    assertThat(band.below(ErrorBand.PRIOR_SIGMA, 2)).isBetween(0.66, 0.72);
  }

  @Test
  void probabilitiesFollowTheScores() {
    ErrorBand band = new ErrorBand();
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 3000; i++) {
      band.observe(0.7 + 0.1 * random.nextGaussian(), NOTHING);
    }

    assertThat(band.below(0.7, 1)).isBetween(0.4, 0.6);
    assertThat(band.below(0.3, 1)).isLessThan(0.05);
    assertThat(band.below(1.1, 1)).isGreaterThan(0.95);
  }

  @Test
  void leavingOutAbandonedRequestsWouldBeRosier() {
    ErrorBand counted = new ErrorBand();
    ErrorBand dropped = new ErrorBand();
    SplittableRandom random = new SplittableRandom(3);
    double patience = 0.4;
    for (int i = 0; i < 3000; i++) {
      double score = 0.5 * random.nextGaussian();
      if (score <= patience) {
        counted.observe(score, NOTHING);
        dropped.observe(score, NOTHING);
      } else {
        counted.observeCensored(patience, NOTHING);
      }
    }

    assertThat(dropped.quantile(0.9)).isLessThan(patience);
    assertThat(counted.quantile(0.9)).isGreaterThan(dropped.quantile(0.9));
    assertThat(counted.below(0.3, 1)).isLessThan(dropped.below(0.3, 1));
  }

  @Test
  void stayingFiniteAfterManyObservations() {
    ErrorBand band = new ErrorBand();
    for (int i = 0; i < 50_000; i++) {
      band.observe(i % 2 == 0 ? 0.1 : Double.POSITIVE_INFINITY, NOTHING);
    }

    assertThat(band.below(0.2, 1)).isBetween(0.45, 0.55);
    assertThat(band.quantile(0.99)).isFinite();
  }
}
