package dev.gearbox.runtime.speculate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

final class SpeculationTest {
  private final Speculation speculation = new Speculation();

  private int worthwhile() {
    return speculation.worthwhile(4, 1, 1, rows -> 1 + 0.2 * (rows - 1));
  }

  @Test
  void guessesMoreTheMoreGuessesWereRight() {
    int first = worthwhile();
    for (int i = 0; i < 5; i++) {
      speculation.verified(4, 4);
    }
    assertThat(first).isPositive();
    assertThat(worthwhile()).isEqualTo(4).isGreaterThan(first);
  }

  @Test
  void guessesNothingWhereRowsCostAsMuchAsSteps() {
    assertThat(speculation.worthwhile(4, 1, 1, rows -> rows)).isZero();
  }

  @Test
  void restsWhereGuessesAreWrongAndTriesAgainEverMoreRarely() {
    int steps = 0;
    int first = 0;
    int tries = 0;
    while (steps < 1000) {
      steps++;
      if (worthwhile() > 0) {
        tries++;
        first = steps <= 10 ? tries : first;
        speculation.verified(1, 0);
      }
    }
    assertThat(first).isBetween(1, 10);
    assertThat(tries).isGreaterThan(first).isLessThan(80);
  }

  @Test
  void comesBackWhenGuessesAreRightAgain() {
    for (int i = 0; i < 20; i++) {
      speculation.verified(1, 0);
    }
    int rested = 0;
    while (worthwhile() == 0) {
      rested++;
    }
    assertThat(rested).isBetween(1, 20);
    speculation.verified(1, 1);
    assertThat(worthwhile()).isPositive();
  }

  @Test
  void aStepThatCarriesOthersTakesFewerGuesses() {
    for (int i = 0; i < 3; i++) {
      speculation.verified(2, 1);
    }
    // The same slowdown costs eight sequences eight times as much.
    IntToDoubleFunction slope = rows -> 1 + 0.45 * Math.max(0, rows - 8);
    IntToDoubleFunction alone = rows -> 1 + 0.45 * Math.max(0, rows - 1);
    assertThat(speculation.worthwhile(4, 1, 1, alone)).isPositive();
    assertThat(speculation.worthwhile(4, 8, 8, slope)).isZero();
  }
}
