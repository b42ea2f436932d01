package dev.gearbox.runtime;

import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Hands a plan to the model, in buffers that are used again from step to step. */
final class StepRun {
  private final ModelRunner runner;
  private final StepBatch batch = new StepBatch();
  private final StepLogits logits;

  StepRun(ModelRunner runner) {
    this.runner = runner;
    this.logits = new StepLogits(runner.vocabulary());
  }

  /**
   * Computes the plan.
   *
   * @param pressed ends it early; null: nothing does
   * @return the rows that the chunks ask for, in the order of the plan; valid until the next step
   * @throws StepGivenUpException when it ended early
   */
  StepLogits step(StepPlan<Generation> plan, @Nullable BooleanSupplier pressed) {
    batch.clear();
    if (pressed != null) {
      batch.mayGiveUp(pressed);
    }
    int most = 0;
    boolean few = runner.maxLikeliest() > 0;
    for (Chunk<Generation> chunk : plan.chunks()) {
      Generation sequence = chunk.sequence();
      LoadedAdapter adapter = LoadedAdapter.of(sequence.request());
      batch.beginSequence(
          chunk.from(), sequence.table().blocks(), adapter == null ? null : adapter.weights());
      int end = chunk.from() + chunk.count();
      for (int i = chunk.from(); i < end; i++) {
        batch.addToken(sequence.token(i), sequence.rows(i, 1) > 0);
      }
      if (chunk.rows() > 0) {
        int looksAt = sequence.looksAt();
        few &= looksAt > 0;
        most = Math.max(most, looksAt);
      }
    }
    logits.sparse = few && most > 0 && most <= runner.maxLikeliest();
    if (logits.sparse) {
      logits.few.begin(batch.logitRows(), most);
      runner.step(batch, logits.few);
    } else {
      whole();
    }
    return logits;
  }

  private void whole() {
    int needed = Math.multiplyExact(batch.logitRows(), runner.vocabulary());
    if (logits.whole.length < needed) {
      logits.whole = new float[needed];
    }
    runner.step(batch, logits.whole);
  }
}
