package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.telemetry.record.StepRecord;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class StepModelTest {
  private static final long BYTES = 1_000_000_000L;

  @Test
  void beforeAnyStepAStepReadsTheWeightsOnce() {
    StepModel model = new StepModel(StepPrior.of(BYTES, new DevicePrior(10e9, 100e9)));

    assertThat(model.decode(0, 0)).isCloseTo(0.1, within(1e-9));
    assertThat(model.prefill(10, 0)).isCloseTo(0.1, within(1e-9));
  }

  @Property(tries = 20)
  void learnsStepTimesFromAnyPrior(
      @ForAll @DoubleRange(min = 0.2, max = 5) double speed, @ForAll long seed) {
    StepModel model =
        new StepModel(StepPrior.of(BYTES, new DevicePrior(10e9 * speed, 100e9 * speed)));
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 400; i++) {
      model.learn(step(random, 1, 1 + 0.05 * random.nextGaussian()));
    }

    assertThat(model.decode(4, 1000)).isCloseTo(truth(4, 1000, 0), Percentage.withPercentage(15));
    assertThat(model.decode(1, 200) + model.prefill(100, 5000))
        .isCloseTo(truth(1, 200, 100), Percentage.withPercentage(15));
  }

  @Property(tries = 20)
  void aFewStepsMostlyOfPromptsDoNotMakeTokensLookSlow(@ForAll long seed) {
    StepModel model = new StepModel(StepPrior.of(98_000_000, DevicePrior.CPU));
    SplittableRandom random = new SplittableRandom(seed);
    double prior = model.decode(1, 100);
    for (int i = 0; i < 80; i++) {
      int decodes = random.nextInt(3);
      int prompt = random.nextInt(200);
      double seconds = 0.0011 + 0.0035 * decodes + 0.00093 * prompt;
      model.learn(record(decodes, 100L * decodes, prompt, seconds));

      assertThat(model.decode(1, 100)).isBetween(0.0, 3 * prior);
    }
  }

  @Property(tries = 20)
  void aCoefficientThatWouldBeNegativeDoesNotDriveOthersUp(@ForAll long seed) {
    StepModel model = new StepModel(StepPrior.of(98_000_000, DevicePrior.CPU));
    SplittableRandom random = new SplittableRandom(seed);
    double worst = 0;
    for (int i = 0; i < 2000; i++) {
      int decodes = random.nextInt(1, 5);
      int prompt = random.nextInt(3) == 0 ? random.nextInt(1, 200) : 0;
      // Attention over the prompt costs nothing here, and small chunks cost more a token than large
      // ones: the best line has a negative coefficient for it.
      double seconds = 0.001 + 0.0035 * decodes + 0.02 * Math.sqrt(prompt);
      model.learn(record(decodes, 100L * decodes, prompt, seconds));
      worst = Math.max(worst, model.decode(1, 100));
    }

    assertThat(worst).as("at any time").isLessThan(0.02);
    assertThat(model.decode(2, 200)).isCloseTo(0.008, Percentage.withPercentage(40));
    assertThat(model.prefill(100, 5000)).isNotNegative().isLessThan(0.4);
  }

  @Test
  void whatWasMeasuredIsTheFirstGuessAndIsLearnedFrom() {
    StepPrior measured =
        StepPrior.fitted(
            List.of(
                measured(1, 0, 0, 0),
                measured(8, 0, 0, 0),
                measured(1, 512, 0, 0),
                measured(8, 4096, 0, 0),
                measured(0, 0, 64, 0),
                measured(0, 0, 256, 0)));
    StepModel model = new StepModel(measured);
    assertThat(model.decode(4, 1000)).isCloseTo(truth(4, 1000, 0), Percentage.withPercentage(1));
    assertThat(model.prefill(100, 0)).isCloseTo(1.1, Percentage.withPercentage(1));
    assertThat(measured.pairs()).as("costs nothing here").isZero();

    for (int i = 0; i < 500; i++) {
      int prompt = 50 + i % 7 * 50;
      double pairs = prompt * prompt / 2.0;
      model.learn(
          new StepRecord("e", "d", 0, 0, prompt, pairs, 0, (long) (1e9 * (0.08 + pairs / 1e4)), 1));
    }
    assertThat(model.prefill(300, 45_000)).isCloseTo(4.5, Percentage.withPercentage(20));
  }

  @Test
  void followsAMachineThatBecomesSlower() {
    StepModel model = new StepModel(StepPrior.of(BYTES, DevicePrior.CPU));
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 5000; i++) {
      model.learn(step(random, 1, 1));
    }
    for (int i = 0; i < 1500; i++) {
      model.learn(step(random, 2, 1));
    }

    assertThat(model.decode(4, 1000))
        .isCloseTo(2 * truth(4, 1000, 0), Percentage.withPercentage(20));
  }

  @Test
  void aLongCalmDoesNotMakeTheNextStepCountForEverything() {
    StepModel model = new StepModel(StepPrior.of(BYTES, DevicePrior.CPU));
    for (int i = 0; i < 50_000; i++) {
      model.learn(record(1, 100, 0, truth(1, 100, 0)));
    }
    model.learn(record(1, 100, 0, 100 * truth(1, 100, 0)));

    assertThat(model.decode(1, 100)).isCloseTo(truth(1, 100, 0), Percentage.withPercentage(25));
  }

  @Property(tries = 200)
  void predictionsAreNeverNegativeOrEndless(
      @ForAll @LongRange(min = 1, max = 100_000_000_000L) long nanos, @ForAll long seed) {
    StepModel model = new StepModel(StepPrior.of(BYTES, DevicePrior.CPU));
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 50; i++) {
      long noisy = Math.max(1, (long) (nanos * random.nextDouble()));
      model.learn(
          new StepRecord(
              "e",
              "d",
              random.nextInt(9),
              random.nextInt(9000),
              random.nextInt(512),
              9,
              5,
              noisy,
              1));
    }

    assertThat(model.decode(8, 4000)).isFinite().isNotNegative();
    assertThat(model.prefill(512, 1e5)).isFinite().isNotNegative();
  }

  private static StepRecord step(SplittableRandom random, double factor, double noise) {
    int sequences = random.nextInt(1, 9);
    long context = sequences * random.nextLong(50, 500);
    int prefill = random.nextInt(3) == 0 ? random.nextInt(1, 256) : 0;
    return record(
        sequences, context, prefill, factor * noise * truth(sequences, (double) context, prefill));
  }

  private static StepRecord measured(int sequences, long context, int prompt, double pairs) {
    long nanos = (long) (1e9 * truth(sequences, (double) context, prompt));
    return new StepRecord("e", "d", sequences, context, prompt, pairs, 0, nanos, 1);
  }

  private static StepRecord record(int sequences, long context, int prefill, double seconds) {
    return new StepRecord(
        "e", "d", sequences, context, prefill, prefill * 50.0, 0, (long) (seconds * 1e9), 1);
  }

  private static double truth(double sequences, double context, double prefill) {
    return 0.08 + 0.012 * sequences + 0.004 * context / 1e3 + 0.011 * prefill;
  }
}
