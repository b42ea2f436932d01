package dev.gearbox.runtime.speculate;

import java.util.function.IntToDoubleFunction;

/**
 * How many tokens to guess ahead for one sequence. With {@code p} the chance that a guess is right
 * once those before it were, {@code d} guesses bring {@code p + p² + … + p^d} tokens more, and the
 * number is chosen that gives the step most tokens per second:
 *
 * <pre>
 *   d* = argmax (tokens + p + … + p^d) / time(rows + d)
 * </pre>
 *
 * Where that is none, the sequence rests, twice as long each time, and is tried anew with all
 * forgotten.
 */
public final class Speculation {
  /** What is thought of a sequence that was never tried, and how many guesses that is worth. */
  private static final double FIRST_CHANCE = 0.7;

  private static final double FIRST_WEIGHT = 2;

  /** Share that remains of what was thought before, from guess to guess. */
  private static final double MEMORY = 0.9;

  /** What promises less is not worth trusting the durations for, even where it seems free. */
  private static final double LEAST_CHANCE = 0.05;

  private static final int FIRST_REST = 16;
  private static final int LONGEST_REST = 256;

  private double right = FIRST_WEIGHT * FIRST_CHANCE;
  private double tried = FIRST_WEIGHT;
  private int rest = FIRST_REST;
  private int resting;

  /**
   * Number of guesses that pays best; comes once per step.
   *
   * @param most allowed
   * @param tokens that the step is expected to bring without them
   * @param rows tokens that it computes without them
   * @param time duration of a step by its rows, in any unit
   */
  public int worthwhile(int most, double tokens, int rows, IntToDoubleFunction time) {
    if (resting > 0) {
      resting--;
      return 0;
    }
    int best = 0;
    double rate = tokens / time.applyAsDouble(rows);
    double chance = 1;
    double expected = tokens;
    for (int drafts = 1; drafts <= most; drafts++) {
      chance *= chance();
      if (chance < LEAST_CHANCE) {
        break;
      }
      expected += chance;
      double with = expected / time.applyAsDouble(rows + drafts);
      if (with > rate) {
        best = drafts;
        rate = with;
      }
    }
    if (best == 0 && tried > FIRST_WEIGHT) {
      resting = rest;
      rest = Math.min(2 * rest, LONGEST_REST);
      right = FIRST_WEIGHT * FIRST_CHANCE;
      tried = FIRST_WEIGHT;
    }
    return best;
  }

  /** Learns how many of {@code drafts} guesses were right. */
  public void verified(int drafts, int accepted) {
    right = MEMORY * right + accepted;
    // What stands behind a wrong guess says nothing.
    tried = MEMORY * tried + Math.min(accepted + 1, drafts);
    if (accepted == drafts) {
      rest = FIRST_REST;
    }
  }

  /** Tokens that {@code drafts} guesses are expected to bring. */
  public double expected(int drafts) {
    double sum = 0;
    double chance = 1;
    for (int i = 0; i < drafts; i++) {
      chance *= chance();
      sum += chance;
    }
    return sum;
  }

  private double chance() {
    return right / tried;
  }
}
