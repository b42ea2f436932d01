package dev.gearbox.telemetry.attain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ErrorBudgetTest {
  private static final long SECOND = 1_000_000_000L;

  private final ErrorBudget budget = new ErrorBudget(0.9, Duration.ofDays(1));

  @Test
  void aBudgetIsFullBeforeAnyRequestEnds() {
    assertThat(budget.remaining(5)).isEqualTo(1);
    assertThat(budget.burn(BurnWindow.HOUR, 5)).isZero();
    assertThat(budget.requests(BurnWindow.HOUR, 5)).isZero();
  }

  @Test
  void missingAsOftenAsAllowedBurnsAtOne() {
    for (int i = 0; i < 100; i++) {
      budget.count(i % 10 != 0, true, i * SECOND / 10);
    }

    assertThat(budget.burn(BurnWindow.MINUTE, 10 * SECOND)).isCloseTo(1, within(1e-9));
    assertThat(budget.lateBurn(BurnWindow.MINUTE, 10 * SECOND)).isZero();
    assertThat(budget.remaining(10 * SECOND)).isCloseTo(0, within(1e-9));
  }

  @Test
  void aShortWindowForgetsWhatALongOneRemembers() {
    for (int i = 0; i < 60; i++) {
      budget.count(false, false, i * SECOND);
    }
    long later = 180 * SECOND;

    assertThat(budget.lateBurn(BurnWindow.MINUTE, later)).isZero();
    assertThat(budget.lateBurn(BurnWindow.FIVE_MINUTES, later)).isCloseTo(10, within(1e-9));
    assertThat(budget.requests(BurnWindow.FIVE_MINUTES, later)).isEqualTo(60);
    assertThat(budget.remaining(later)).isCloseTo(-9, within(1e-9));
  }

  @Test
  void aLongSilenceLeavesNothingBehind() {
    budget.count(false, false, 0);

    long nextWeek = Duration.ofDays(7).toNanos();

    assertThat(budget.burn(BurnWindow.SIX_HOURS, nextWeek)).isZero();
    assertThat(budget.remaining(nextWeek)).isEqualTo(1);
  }

  @Test
  void aClockThatJumpsBackLosesNothing() {
    budget.count(false, false, 1000 * SECOND);
    budget.count(true, true, 10 * SECOND);

    assertThat(budget.requests(BurnWindow.MINUTE, 1000 * SECOND)).isEqualTo(2);
    assertThat(budget.burn(BurnWindow.MINUTE, 10 * SECOND)).isCloseTo(5, within(1e-9));
  }

  @Test
  void slidingCountsAgreeWithCountingAnew() {
    SlidingCount count = new SlidingCount(Duration.ofMinutes(1));
    for (int i = 0; i < 600; i++) {
      count.add(i % 3 != 0, i % 7 != 0, i * SECOND);
    }
    long now = 599 * SECOND;

    assertThat(count.requests(now)).isEqualTo(60);
    assertThat(count.missed(now)).isCloseTo(20.0 / 60, within(1e-9));
    assertThat(count.late(now)).isBetween(8.0 / 60, 9.0 / 60);
  }

  @Test
  void objectivesAndWindowsAreChecked() {
    assertThatThrownBy(() -> new ErrorBudget(1, Duration.ofDays(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ErrorBudget(0.9, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
