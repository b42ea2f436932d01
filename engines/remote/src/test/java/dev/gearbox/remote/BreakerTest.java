package dev.gearbox.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BreakerTest {
  private final Exception failure = new Exception("failed");

  private final AtomicLong now = new AtomicLong(1_000_000_000L);
  private final Breaker breaker = new Breaker("test", now::get, Duration.ofSeconds(10));

  @Test
  void opensWhenHalfOfTheRequestsFail() {
    for (int i = 0; i < 3; i++) {
      assertThat(breaker.tryAcquire()).isTrue();
      breaker.failed(failure);
    }
    assertThat(breaker.isOpen()).isTrue();
    assertThat(breaker.tryAcquire()).isFalse();
  }

  @Test
  void staysClosedWhileMostSucceed() {
    for (int i = 0; i < 20; i++) {
      assertThat(breaker.tryAcquire()).isTrue();
      if (i % 4 == 0) {
        breaker.failed(failure);
      } else {
        breaker.succeeded();
      }
    }
    assertThat(breaker.isOpen()).isFalse();
  }

  @Test
  void opensAtOnceWhenNobodyListensAndAtTheSecondSilentLook() {
    breaker.missed(false);
    assertThat(breaker.isOpen()).isFalse();
    assertThat(breaker.silent()).isTrue();
    breaker.seen();
    breaker.missed(true);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void onlyOneMayTryWhenTheServerAnswersLooksAgain() {
    breaker.missed(true);
    now.addAndGet(5_000_000_000L);
    assertThat(breaker.isOpen()).as("it still does not answer").isTrue();
    breaker.seen();
    assertThat(breaker.isTrying()).isTrue();
    assertThat(breaker.tryAcquire()).isTrue();
    assertThat(breaker.tryAcquire()).isFalse();
    breaker.succeeded();
    assertThat(breaker.isTrying()).isFalse();
    assertThat(breaker.tryAcquire()).isTrue();
  }

  @Test
  void itsShareGrowsAfterItsReturn() {
    assertThat(breaker.share()).isEqualTo(1);
    breaker.missed(true);
    now.addAndGet(5_000_000_000L);
    breaker.seen();
    assertThat(breaker.share()).isZero();
    assertThat(breaker.tryAcquire()).isTrue();
    breaker.succeeded();
    now.addAndGet(5_000_000_000L);
    assertThat(breaker.share()).isEqualTo(0.5);
    now.addAndGet(50_000_000_000L);
    assertThat(breaker.share()).isEqualTo(1);
  }

  @Test
  void everyFailedReturnDoublesTheWait() {
    breaker.missed(true);
    long waited = 0;
    for (int i = 0; i < 4; i++) {
      long step = 100_000_000L;
      long wait = 0;
      breaker.seen();
      while (breaker.isOpen()) {
        now.addAndGet(step);
        wait += step;
        breaker.seen();
      }
      assertThat(wait).isGreaterThanOrEqualTo(waited * 3 / 2);
      waited = wait;
      assertThat(breaker.tryAcquire()).isTrue();
      breaker.failed(failure);
      assertThat(breaker.isOpen()).isTrue();
    }
    assertThat(waited).isGreaterThanOrEqualTo(3_000_000_000L);
  }
}
