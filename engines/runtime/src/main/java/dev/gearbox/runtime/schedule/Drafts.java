package dev.gearbox.runtime.schedule;

import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Asked;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.speculate.PromptLookup;
import dev.gearbox.runtime.speculate.Speculation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts guesses into a step that has room for them: one that computes no prompt and stays so small
 * that no token is computed by another kernel than without them, so that answers are the same bits.
 * Guesses take free blocks only and displace nobody.
 *
 * <p>What is looked up costs nothing and goes first where much is in common; else a draft model is
 * asked, where there is one and its own steps pay.
 */
final class Drafts {
  /** So few tokens a draft computes in passing; more it catches up on in steps without guesses. */
  private static final int IN_PASSING = 32;

  /** Progress of a draft that catches up in a step that has no time for it. */
  private static final int LEAST_CATCH_UP = 16;

  private final KvCache cache;
  private final StepTime time;
  private final int maxDrafts;
  private final int maxTokens;
  private final @Nullable Drafter drafter;

  /**
   * @param maxDrafts looked up for one sequence
   * @param maxTokens in a step with guesses
   * @param drafter null: nothing but looking up
   */
  Drafts(KvCache cache, StepTime time, int maxDrafts, int maxTokens, @Nullable Drafter drafter) {
    this.cache = cache;
    this.time = time;
    this.maxDrafts = maxDrafts;
    this.maxTokens = maxTokens;
    this.drafter = drafter;
  }

  /** What the step has come to. */
  private static final class Step {
    int rows;
    double tokens;
    int asked;
    double draftNanos;
    int draftTokens;
  }

  /**
   * Adds guesses to the plan.
   *
   * @param limitNanos time that the step may take where it carries several sequences
   */
  <S extends Sequence> void add(StepPlan<S> plan, double limitNanos) {
    List<Chunk<S>> chunks = plan.chunks();
    Step step = new Step();
    step.rows = plan.tokens();
    step.tokens = step.rows;
    if ((maxDrafts == 0 && drafter == null) || plan.prefillTokens() > 0) {
      return;
    }
    for (int i = 0; i < chunks.size() && step.rows < maxTokens; i++) {
      S sequence = chunks.get(i).sequence();
      Speculation lookup = sequence.lookup();
      if (lookup == null) {
        continue;
      }
      // Alone, a longer step costs nobody else.
      double limit = chunks.size() > 1 ? limitNanos : Double.POSITIVE_INFINITY;
      int drafts = guess(plan, sequence, step, limit, limitNanos);
      if (drafts > 0) {
        chunks.set(i, new Chunk<>(sequence, sequence.computed(), 1 + drafts, true));
        step.rows += drafts;
      }
    }
  }

  private <S extends Sequence> int guess(
      StepPlan<S> plan, S sequence, Step step, double limit, double catchUpLimit) {
    Speculation lookup = sequence.lookup();
    int most = most(sequence, maxDrafts, step, limit);
    int worth =
        lookup == null || most <= 0
            ? 0
            : lookup.worthwhile(most, step.tokens, step.rows, rows -> nanos(rows, step));
    if (drafter == null) {
      return lookUp(sequence, worth, PromptLookup.SHORT, step);
    }
    int drafts = lookUp(sequence, worth, PromptLookup.LONG, step);
    if (drafts == 0) {
      drafts = ask(plan, sequence, drafter, step, limit, catchUpLimit);
    }
    return drafts > 0 ? drafts : lookUp(sequence, worth, PromptLookup.SHORT, step);
  }

  private int most(Sequence sequence, int allowed, Step step, double limit) {
    int most = Math.min(allowed, Math.min(maxTokens - step.rows, sequence.wanted() - 1));
    while (most > 0 && nanos(step.rows + most, step) > limit) {
      most--;
    }
    return most;
  }

  private double nanos(int rows, Step step) {
    return time.stepNanos(rows) + step.draftNanos;
  }

  private int lookUp(Sequence sequence, int worth, int least, Step step) {
    Speculation lookup = sequence.lookup();
    if (worth == 0 || lookup == null) {
      return 0;
    }
    return put(sequence, sequence.lookUp(worth, least), lookup, step);
  }

  /** Puts as many guesses of {@code by} as there are blocks for. */
  private int put(Sequence sequence, int guesses, Speculation by, Step step) {
    int fitting = guesses;
    while (fitting > 0 && !cache.extend(sequence.table(), sequence.size() + fitting)) {
      fitting--;
    }
    sequence.drafts(fitting, by);
    step.tokens += by.expected(fitting);
    return fitting;
  }

  /** Asks the draft for guesses, or lets it catch up where it is far behind. */
  private <S extends Sequence> int ask(
      StepPlan<S> plan, S sequence, Drafter model, Step step, double limit, double catchUpLimit) {
    Speculation draft = sequence.draft();
    int most = most(sequence, model.mostGuesses(sequence), step, limit);
    int behind = model.behind(sequence);
    int room = model.maxStepTokens() - step.draftTokens;
    if (draft == null || most <= 0 || room <= 0) {
      return 0;
    }
    // The draft computes all who ask in one step: whoever joins adds what it makes that longer.
    double own =
        model.stepNanos(step.asked + 1) - (step.asked > 0 ? model.stepNanos(step.asked) : 0);
    int worth =
        draft.worthwhile(
            most, step.tokens, step.rows, rows -> nanos(rows, step) + (rows - step.rows) * own);
    if (worth == 0) {
      return 0;
    }
    if (behind > Math.min(IN_PASSING, room)) {
      if (repays(sequence, draft, worth, step, own, behind * model.catchUpTokenNanos())) {
        int missing = Math.min(behind - 1, room);
        catchUp(plan, sequence, model, missing, catchUpLimit - nanos(step.rows, step), step);
      }
      return 0;
    }
    int guesses = put(sequence, worth, draft, step);
    if (guesses > 0) {
      step.asked++;
      note(plan, new Asked<>(sequence, behind, guesses), step, guesses * own);
    }
    return guesses;
  }

  /** Lets the draft compute as much of what it misses as there is time for. */
  private static <S extends Sequence> void catchUp(
      StepPlan<S> plan, S sequence, Drafter model, int missing, double left, Step step) {
    double fits = left / Math.max(1, model.catchUpTokenNanos());
    int count = (int) Math.clamp(fits, Math.min(LEAST_CATCH_UP, missing), missing);
    note(plan, new Asked<>(sequence, count, 0), step, count * model.catchUpTokenNanos());
  }

  private static <S extends Sequence> void note(
      StepPlan<S> plan, Asked<S> asked, Step step, double nanos) {
    plan.asked().add(asked);
    step.draftTokens += asked.count();
    step.draftNanos += nanos;
  }

  /**
   * Whether the guesses of half of what the answer may still get save more than catching up takes.
   */
  private boolean repays(
      Sequence sequence, Speculation draft, int guesses, Step step, double own, double catchUp) {
    double without = nanos(step.rows, step) / step.tokens;
    double with =
        (nanos(step.rows + guesses, step) + guesses * own)
            / (step.tokens + draft.expected(guesses));
    return (without - with) * sequence.wanted() / 2 > catchUp;
  }
}
