package dev.gearbox.policy.choose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ClearingPriceTest {
  private final ClearingPrice price = new ClearingPrice();
  private double now = 100;

  @Test
  void nothingAskedCostsNothing() {
    assertThat(price.at(now, 1, 1)).isZero();
  }

  @Test
  void whatFitsCostsNothing() {
    ask(60, 4, true);

    assertThat(price.at(now, 1, 1)).isZero();
  }

  @Test
  void whatDoesNotFitCostsWhatMakesSomeTakeLess() {
    ask(60, 1.2, true);

    assertThat(price.at(now, 1, 1)).as("0.2 points for 0.8 s more").isBetween(0.2, 0.3);
  }

  @Test
  void whatDoesNotFitAtItsLeastCostsWhatTheLeastEarns() {
    ask(600, 0.1, true);

    assertThat(price.at(now, 1, 1)).as("0.8 points in 0.2 s").isBetween(3.9, 4.1);
  }

  @Test
  void halfOfTheRequestsFindInHalfOfTheDeviceThePriceOfAllInTheWhole() {
    ClearingPrice half = new ClearingPrice();
    for (int i = 0; i < 30; i++) {
      ask(2, 0.6, true);
      ask(half, 1, true, now);
    }

    assertThat(price.at(now, 1, 1)).isPositive();
    assertThat(half.at(now, 1, 0.5)).isCloseTo(price.at(now, 1, 1), within(0.02));
  }

  @Test
  void whatIsTooMuchForOneDeviceIsRoomyForNineThatAreAskedNineTimesAsMuch() {
    ClearingPrice nine = new ClearingPrice();
    for (int i = 0; i < 60; i++) {
      ask(1, 1.25, true);
      ask(nine, 9, true, now);
    }

    assertThat(price.at(now, 1, 1)).isPositive();
    assertThat(nine.at(now, 9, 1)).isZero();
    assertThat(nine.at(now + 1, 7, 1)).as("with two of them lost").isPositive();
  }

  @Test
  void requestsThatNeverMeetAreNoCongestionHoweverLong() {
    ask(60, 1, false);

    assertThat(price.at(now, 1, 1)).isZero();
  }

  @Test
  void aPriceIsForgottenWhenNobodyAsks() {
    ask(60, 1, true);
    now += 300;

    assertThat(price.at(now, 1, 1)).isZero();
  }

  @Property(tries = 50)
  void moreThatIsAskedIsNeverCheaper(@ForAll @DoubleRange(min = 0.3, max = 3) double gap) {
    ClearingPrice rarer = new ClearingPrice();
    for (int i = 0; i < 100; i++) {
      ask(1, gap, true);
      ask(rarer, 1, true, 100 + 1.2 * gap * (i + 1));
    }

    assertThat(price.at(now, 1, 1)).isGreaterThanOrEqualTo(rarer.at(100 + 120 * gap, 1, 1) - 1e-9);
  }

  @Property(tries = 100)
  void theRoomThatThereIsForWhatIsAskedIsFree(
      @ForAll @DoubleRange(min = 0.01, max = 1) double used,
      @ForAll @IntRange(min = 1, max = 400) int requests) {
    ClearingPrice free = new ClearingPrice();
    // A device-second each, so many seconds apart that less than the share given out is used.
    double gap = 1 / (0.9 * used * (1 - ClearingPrice.SPARE));
    double at = 100;
    for (int i = 0; i < requests; i++) {
      at += gap;
      free.ask(new double[] {1}, new double[] {1}, 1, 1, true, at);
    }

    assertThat(free.at(at + ClearingPrice.MEMORY_SECONDS / 10, 1, 1)).isZero();
  }

  @Property(tries = 200)
  void isNeverNegativeNorMoreThanTheBestUseOfASecondEarnsWhateverTheClockDoes(
      @ForAll @Size(max = 300) List<@DoubleRange(min = -1000, max = 100) Double> jumps,
      @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double at = 0;
    for (double jump : jumps) {
      at += random.nextInt(3) == 0 ? 0 : random.nextInt(10) == 0 ? jump : random.nextDouble();
      double work = random.nextDouble(0.1, 4);
      price.ask(new double[] {1, 0.5}, new double[] {4, work}, 2, 1, random.nextBoolean(), at);
      assertThat(price.at(at, 1, 1)).isBetween(0.0, 5.0);
    }
  }

  @Test
  void aBurstMovesItAtOnce() {
    ask(30, 2, true);
    double calm = price.at(now, 1, 1);
    ask(100, 0.01, true);

    assertThat(calm).isZero();
    assertThat(price.at(now + ClearingPrice.APART, 1, 1)).isPositive();
  }

  @Test
  void whatComesAtOnceIsNotForgotten() {
    ClearingPrice single = new ClearingPrice();
    for (int i = 0; i < 30; i++) {
      now += 2;
      for (int j = 0; j < 4; j++) {
        price.ask(new double[] {1}, new double[] {0.5}, 1, 1, true, now);
      }
      single.ask(new double[] {1}, new double[] {0.5}, 1, 4, true, now);
    }

    assertThat(price.at(now, 1, 1)).isPositive().isCloseTo(single.at(now, 1, 1), within(0.01));
  }

  @Test
  void whatIsAskedOfTwoDevicesIsHalfADemandOnEach() {
    for (int i = 0; i < 60; i++) {
      now++;
      price.ask(new double[] {1}, new double[] {1}, 1, 0.5, true, now);
    }

    assertThat(price.at(now, 1, 1)).isZero();
    ask(60, 1, true);
    assertThat(price.at(now, 1, 1)).isPositive();
  }

  @Test
  void keepsNoMoreThanTheLastOnes() {
    ask(100_000, 0.3, true);
    double full = price.at(now, 1, 1);
    ClearingPrice fresh = new ClearingPrice();
    double at = 100;
    for (int i = 0; i < 2 * ClearingPrice.MOST; i++) {
      at += 0.3;
      ask(fresh, 1, true, at);
    }

    assertThat(full).isPositive().isCloseTo(fresh.at(at, 1, 1), within(1e-6));
  }

  @Test
  void aClockThatStandsStillChangesNothingUntilItGoesOn() {
    ask(60, 1.2, true);
    double before = price.at(now, 1, 1);
    for (int i = 0; i < 10; i++) {
      ask(price, 1, true, now);
      assertThat(price.at(now, 1, 1)).isEqualTo(before);
    }
    now += 1;

    assertThat(price.at(now, 1, 1)).isFinite().isPositive();
  }

  @Test
  void aClockThatJumpsBackBeginsAnew() {
    ask(600, 0.1, true);
    assertThat(price.at(now, 1, 1)).isPositive();
    now -= 50;
    assertThat(price.at(now, 1, 1)).isZero();
    ask(600, 0.1, true);

    assertThat(price.at(now, 1, 1)).as("as after the first minute").isBetween(3.9, 4.1);
  }

  @Test
  void decisionsThatOvertakeEachOtherAreNoJump() {
    ask(600, 0.1, true);
    double before = price.at(now, 1, 1);
    ask(price, 1, true, now - 0.5);

    assertThat(price.at(now - 0.5, 1, 1)).isEqualTo(before);
  }

  private void ask(int requests, double gap, boolean company) {
    for (int i = 0; i < requests; i++) {
      now += gap;
      ask(price, 1, company, now);
    }
  }

  /** A request for all of a device for a point, or for a fifth of it for 0.8. */
  private static void ask(ClearingPrice of, double share, boolean company, double at) {
    of.ask(new double[] {1, 0.8}, new double[] {1, 0.2}, 2, share, company, at);
  }
}
