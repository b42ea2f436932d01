package dev.gearbox.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How evenly tokens come while prompts of 1,000 tokens arrive, in virtual time: a step takes what a
 * machine of some speed would take, give or take a tenth.
 */
final class StepPacingTest {
  private static final int ANSWERS = 16;
  private static final int PROMPT = 1_000;
  private static final int STEPS = 3_000;

  private final StepTime time = new StepTime();
  private final Scheduler<Sequence> scheduler =
      new Scheduler<>(new KvCache(4_096, 16), time, 64, 512, 0, 5, null);
  private final SplittableRandom random = new SplittableRandom(5);
  private int arrivals;

  /**
   * @param step milliseconds of a step, whoever is in it
   * @param answer milliseconds more for each that decodes
   * @param token milliseconds more for a prompt token
   * @param pause steps between two prompts; 0: the next comes when one is computed
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "12 4 2.8 0",
        "12 4 2.8 200",
        "4 1 0.8 0",
        "4 1 0.8 100",
        "140 20 15 0",
        "140 20 15 300"
      })
  void gapsBetweenTokensStayWithinTwiceTheUsualOneOrAreShort(
      double step, double answer, double token, int pause) {
    for (int i = 0; i < ANSWERS; i++) {
      add(16);
    }
    double[] gaps = new double[STEPS];
    Sequence prompt = null;
    int resting = 50;
    for (int i = -100; i < STEPS; i++) {
      if (prompt == null || prompt.computed() >= PROMPT) {
        if (prompt != null && prompt.decoding()) {
          scheduler.remove(prompt);
          prompt = null;
          resting = pause;
        }
        if (prompt == null && resting-- <= 0) {
          prompt = add(PROMPT);
        }
      }
      double taken = step(step, answer, token);
      if (i >= 0) {
        gaps[i] = taken;
      }
    }
    Arrays.sort(gaps);
    assertThat(gaps[STEPS * 99 / 100]).isLessThan(Math.max(55, 2 * gaps[STEPS / 2]));
    assertThat(arrivals).as("prompts are computed meanwhile").isGreaterThan(ANSWERS + 5);
  }

  private double step(double step, double answer, double token) {
    StepPlan<Sequence> plan = scheduler.schedule(0);
    double millis = step + answer * plan.decodes() + token * plan.prefillTokens();
    millis *= 0.9 + 0.2 * random.nextDouble();
    scheduler.computed(plan);
    time.observe(plan.decodes(), 0, plan.prefillTokens(), millis * 1e6);
    for (Chunk<Sequence> chunk : plan.chunks()) {
      if (chunk.last()) {
        chunk.sequence().append(7);
      }
    }
    return millis;
  }

  private Sequence add(int promptTokens) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 1_000 * arrivals + i;
    }
    GenerationRequest request =
        new GenerationRequest(
            "r" + arrivals,
            TokenIds.of(prompt),
            SamplingSpec.GREEDY,
            STEPS * 2,
            List.of(),
            true,
            Lane.INTERACTIVE,
            0,
            0,
            Long.MAX_VALUE,
            "",
            false);
    Sequence sequence = new Sequence(request, arrivals++);
    scheduler.add(sequence);
    return sequence;
  }
}
