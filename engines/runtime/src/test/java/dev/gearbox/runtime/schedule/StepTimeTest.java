package dev.gearbox.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StepTimeTest {
  private final StepTime time = new StepTime();

  @Test
  void knowsNothingBeforeTheFirstStep() {
    assertThat(time.decodeNanos()).isZero();
    assertThat(time.prefillTokenNanos()).isZero();
    assertThat(time.stepNanos(1)).isEqualTo(1);
    assertThat(time.stepNanos(5)).isEqualTo(1 + 0.15 * 4, within(1e-12));
  }

  @Test
  void theFirstStepIsTakenAtItsWordAndOthersPullATheFifth() {
    time.observe(1, 0, 0, 100);
    assertThat(time.decodeNanos()).isEqualTo(100);

    time.observe(1, 0, 0, 200);
    assertThat(time.decodeNanos()).isEqualTo(120, within(1e-9));
  }

  @Test
  void aPromptTokenCostsWhatTheStepTookBeyondItsDecodes() {
    time.observe(2, 0, 0, 100);
    time.observe(2, 0, 10, 600);
    assertThat(time.prefillTokenNanos()).isEqualTo(50, within(1e-9));
    assertThat(time.decodeNanos()).isEqualTo(100);

    time.observe(0, 0, 10, 1_000);
    assertThat(time.prefillTokenNanos()).isEqualTo(60, within(1e-9));
  }

  @Test
  void aStepThatTookLessThanItsDecodesHadPromptsForNothing() {
    time.observe(1, 0, 0, 100);
    time.observe(1, 0, 4, 40);
    assertThat(time.prefillTokenNanos()).isZero();
  }

  @Test
  void stepsWithGuessesTellTheSlopeAndNotTheStep() {
    time.observe(1, 0, 0, 100);
    time.observe(1, 4, 0, 900);
    assertThat(time.decodeNanos()).isEqualTo(100);
    assertThat(time.stepNanos(5)).isGreaterThan(time.stepNanos(1));
  }

  @Test
  void aLineThroughTheStepsSaysWhatMoreTokensCost() {
    for (int i = 0; i < 400; i++) {
      int drafts = i % 8;
      time.observe(1, drafts, 0, 1_000 + 50.0 * (1 + drafts));
    }
    assertThat(time.stepNanos(2) - time.stepNanos(1)).isEqualTo(50, within(3.0));
    assertThat(time.stepNanos(1)).isEqualTo(1_050, within(30.0));
    assertThat(time.stepNanos(9)).isEqualTo(1_450, within(30.0));
  }

  @Test
  void aTokenMoreCostsSomethingAndNoMoreThanTheAverageOne() {
    for (int i = 0; i < 400; i++) {
      int drafts = i % 8;
      time.observe(1, drafts, 0, 2_000 - 100.0 * drafts);
    }
    double little = time.stepNanos(2) - time.stepNanos(1);
    assertThat(little).isPositive().isLessThan(10);

    StepTime steep = new StepTime();
    for (int i = 0; i < 400; i++) {
      int drafts = i % 8;
      steep.observe(1, drafts, 0, 1 + 100.0 * drafts * drafts);
    }
    // Mean of i² is 17.5, so the average step costs 1751 and has 4.5 tokens.
    assertThat(steep.stepNanos(2) - steep.stepNanos(1)).isEqualTo(1_751 / 4.5, within(40.0));
  }

  @Test
  void stepsOfOneSizeSayNothingOfTheSlope() {
    for (int i = 0; i < 100; i++) {
      time.observe(2, 0, 0, 500);
    }
    assertThat(time.stepNanos(2)).isEqualTo(500, within(1e-6));
    assertThat(time.stepNanos(3) - time.stepNanos(2)).isEqualTo(0.15 * 250, within(1e-6));
  }
}
