package dev.gearbox.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class BusyShareTest {
  private static final long MS = 1_000_000;

  private final BusyShare busy = new BusyShare();

  @Test
  void isTheShareOfTheLastSecond() {
    for (long t = 5_000; t < 7_000; t += 20) {
      busy.begin(t * MS);
      busy.end((t + 5) * MS);
    }
    assertThat(busy.share(7_000 * MS)).isCloseTo(.25, within(.02));
  }

  @Test
  void countsTheStepThatIsUnderWay() {
    busy.begin(-3_000 * MS);
    assertThat(busy.share(0)).isCloseTo(1, within(.01));
  }

  @Test
  void forgets() {
    busy.begin(0);
    busy.end(800 * MS);
    assertThat(busy.share(850 * MS)).isGreaterThan(.8);
    assertThat(busy.share(2_000 * MS)).isZero();
  }
}
