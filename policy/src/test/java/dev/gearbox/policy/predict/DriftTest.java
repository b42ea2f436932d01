package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

class DriftTest {
  @Property(tries = 20, seed = "20261122")
  void noiseIsNoDriftAndAShiftIs(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.05, max = 0.8) double noise) {
    SplittableRandom random = new SplittableRandom(seed);
    Drift drift = new Drift();
    int calm = 0;
    for (int i = 0; i < 2000; i++) {
      calm += drift.observe(0.3 + noise * random.nextGaussian()) ? 1 : 0;
    }
    int until = 0;
    while (until < 200 && !drift.observe(0.3 + noise * (2 + random.nextGaussian()))) {
      until++;
    }

    assertThat(calm).isLessThanOrEqualTo(1);
    assertThat(until).isLessThan(60);
  }

  @Property(tries = 20, seed = "20261122")
  void answersThatBecomeFasterAreDriftToo(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Drift drift = new Drift();
    for (int i = 0; i < 500; i++) {
      drift.observe(0.2 * random.nextGaussian());
    }
    boolean alarm = false;
    for (int i = 0; i < 100; i++) {
      alarm |= drift.observe(-0.5 + 0.2 * random.nextGaussian());
    }

    assertThat(alarm).isTrue();
  }
}
