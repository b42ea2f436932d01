package dev.gearbox.policy.choose;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class ClearingPriceTest {
  private final ClearingPrice price = new ClearingPrice();
  private double now = 100;

  @Test
  void nothingAskedCostsNothing() {
    assertThat(price.at(now)).isZero();
  }

  @Test
  void whatFitsCostsNothing() {
    ask(60, 4, true);

    assertThat(price.at(now)).isZero();
  }

  @Test
  void whatDoesNotFitCostsWhatMakesSomeTakeLess() {
    ask(60, 1.2, true);

    assertThat(price.at(now)).as("0.2 points for 0.8 s more").isBetween(0.2, 0.3);
  }

  @Test
  void whatDoesNotFitAtItsLeastCostsWhatTheLeastEarns() {
    ask(600, 0.1, true);

    assertThat(price.at(now)).as("0.8 points in 0.2 s").isBetween(3.9, 4.1);
  }

  @Test
  void requestsThatNeverMeetAreNoCongestionHoweverLong() {
    ask(60, 1, false);

    assertThat(price.at(now)).isZero();
  }

  @Test
  void aPriceIsForgottenWhenNobodyAsks() {
    ask(60, 1, true);
    now += 300;

    assertThat(price.at(now)).isZero();
  }

  @Property(tries = 50)
  void moreThatIsAskedIsNeverCheaper(@ForAll @DoubleRange(min = 0.3, max = 3) double gap) {
    ClearingPrice rarer = new ClearingPrice();
    for (int i = 0; i < 100; i++) {
      ask(1, gap, true);
      rarer.ask(new double[] {1, 0.8}, new double[] {1, 0.2}, 2, true, 100 + 1.2 * gap * (i + 1));
    }

    assertThat(price.at(now)).isGreaterThanOrEqualTo(rarer.at(100 + 120 * gap) - 1e-9);
  }

  private void ask(int requests, double gap, boolean company) {
    for (int i = 0; i < requests; i++) {
      now += gap;
      price.ask(new double[] {1, 0.8}, new double[] {1, 0.2}, 2, company, now);
    }
  }
}
