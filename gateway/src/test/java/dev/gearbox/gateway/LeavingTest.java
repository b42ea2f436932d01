package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeavingTest {
  private final AtomicLong clock = new AtomicLong(-7);
  private final Leaving leaving = new Leaving(clock::get);

  @Test
  void aServerThatLeavesSaysSoAtOnceAndRefusesLater() {
    assertThat(leaving.hasBegun()).isFalse();
    assertThat(leaving.refuses()).isFalse();
    leaving.begin();
    assertThat(leaving.hasBegun()).isTrue();
    clock.addAndGet(Leaving.NOTICE.toNanos() - 1);
    assertThat(leaving.refuses()).isFalse();
    leaving.begin();
    clock.addAndGet(1);
    assertThat(leaving.refuses()).isTrue();
  }
}
