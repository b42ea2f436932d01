package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchMeansTest {
  @Test
  void theMeanIsThatOfAllValuesHoweverManyBatchesBecameOne() {
    BatchMeans means = new BatchMeans();
    for (int i = 1; i <= 1001; i++) {
      means.add(i);
    }
    assertThat(means.mean()).isCloseTo(501, within(1e-9));
  }

  @Test
  void fewValuesSayNothingOfTheError() {
    BatchMeans means = new BatchMeans();
    for (int i = 0; i < 7; i++) {
      means.add(i);
      assertThat(means.error()).isNaN();
    }
    means.add(7);
    assertThat(means.error()).isGreaterThan(0);
    assertThat(new BatchMeans().mean()).isZero();
  }

  @Test
  void theIntervalHoldsTheMeanOfSeriesWhoseNeighboursAreAlike() {
    int held = 0;
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      BatchMeans means = new BatchMeans();
      double drift = random.nextGaussian();
      for (int i = 0; i < 5000; i++) {
        drift = 0.9 * drift + Math.sqrt(1 - 0.81) * random.nextGaussian();
        means.add(drift);
      }
      held += Math.abs(means.mean()) <= means.error() ? 1 : 0;
    }
    assertThat(held).isBetween(175, 200);
  }
}
