package dev.gearbox.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
  private final AtomicLong now = new AtomicLong();
  private final RetryBudget budget = new RetryBudget(now::get);

  @Test
  void aLostEnginesRequestsMayAllGoElsewhereAtOnce() {
    assertThat(tries(1000)).isEqualTo((int) RetryBudget.RESERVE);
  }

  @Test
  void everyFifthRequestMayBeSentAgainInTheLongRun() {
    tries(1000);
    int again = 0;
    for (int i = 0; i < 1000; i++) {
      budget.sent();
      again += tries(1);
    }
    assertThat(again).isBetween(195, 200);
  }

  @Test
  void timeFillsItUpToItsReserve() {
    tries(1000);
    now.addAndGet(2_000_000_000L);
    assertThat(tries(1000)).isEqualTo((int) (2 * RetryBudget.PER_SECOND));
    now.addAndGet(3600_000_000_000L);
    assertThat(tries(1000)).isEqualTo((int) RetryBudget.RESERVE);
  }

  private int tries(int asked) {
    int got = 0;
    for (int i = 0; i < asked; i++) {
      got += budget.tryAgain() ? 1 : 0;
    }
    return got;
  }
}
