package dev.gearbox.runtime.schedule;

import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.speculate.Speculation;
import java.util.List;

/**
 * Puts guesses into a step that has room for them: one that computes no prompt and stays so small
 * that no token is computed by another kernel than without them, so that answers are the same bits.
 * Guesses take free blocks only and displace nobody.
 */
final class Drafts {
  private final KvCache cache;
  private final StepTime time;
  private final int maxDrafts;
  private final int maxTokens;

  /**
   * @param maxDrafts for one sequence
   * @param maxTokens in a step with guesses
   */
  Drafts(KvCache cache, StepTime time, int maxDrafts, int maxTokens) {
    this.cache = cache;
    this.time = time;
    this.maxDrafts = maxDrafts;
    this.maxTokens = maxTokens;
  }

  /**
   * Adds guesses to the plan.
   *
   * @param limitNanos time that the step may take where it carries several sequences
   */
  <S extends Sequence> void add(StepPlan<S> plan, double limitNanos) {
    List<Chunk<S>> chunks = plan.chunks();
    int rows = plan.tokens();
    if (maxDrafts == 0 || rows >= maxTokens || plan.prefillTokens() > 0) {
      return;
    }
    double tokens = rows;
    for (int i = 0; i < chunks.size(); i++) {
      S sequence = chunks.get(i).sequence();
      Speculation speculation = sequence.speculation();
      if (speculation == null) {
        continue;
      }
      int most = Math.min(maxDrafts, Math.min(maxTokens - rows, sequence.wanted() - 1));
      // Alone, a longer step costs nobody else.
      while (chunks.size() > 1 && most > 0 && time.stepNanos(rows + most) > limitNanos) {
        most--;
      }
      int drafts = fit(sequence, guess(sequence, speculation, most, tokens, rows));
      sequence.drafts(drafts);
      if (drafts > 0) {
        chunks.set(i, new Chunk<>(sequence, sequence.computed(), 1 + drafts, true));
        rows += drafts;
        tokens += speculation.expected(drafts);
      }
    }
  }

  private int guess(Sequence sequence, Speculation speculation, int most, double tokens, int rows) {
    if (most <= 0) {
      return 0;
    }
    int worthwhile = speculation.worthwhile(most, tokens, rows, time::stepNanos);
    return worthwhile == 0 ? 0 : sequence.guess(worthwhile);
  }

  /** As many as there are blocks for. */
  private int fit(Sequence sequence, int drafts) {
    int fitting = drafts;
    while (fitting > 0 && !cache.extend(sequence.table(), sequence.size() + fitting)) {
      fitting--;
    }
    return fitting;
  }
}
