package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InflowTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void steadyWorkIsItsShareOnceItIsKnown() {
    Inflow inflow = new Inflow();
    assertThat(inflow.share(0)).isZero();

    for (int i = 0; i <= 600; i++) {
      inflow.add(0.05, i * SECOND / 10);
      if (i > 150) {
        assertThat(inflow.share(i * SECOND / 10)).isCloseTo(0.5, within(0.05));
      }
    }
  }

  @Test
  void theFirstRequestIsNoFlood() {
    Inflow inflow = new Inflow();
    inflow.add(0.5, SECOND);

    assertThat(inflow.share(SECOND)).isLessThan(0.1);
  }

  @Test
  void whatEndedFades() {
    Inflow inflow = new Inflow();
    for (int i = 0; i < 100; i++) {
      inflow.add(0.5, i * SECOND);
    }

    assertThat(inflow.share(100 * SECOND)).isCloseTo(0.5, within(0.05));
    assertThat(inflow.share(400 * SECOND)).isLessThan(0.001);
  }
}
