package dev.gearbox.runtime;

import dev.gearbox.runtime.schedule.Sequence;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;

/** Hands a plan to the model, in buffers that are used again from step to step. */
final class StepRun {
  private final ModelRunner runner;
  private final StepBatch batch = new StepBatch();
  private float[] logits = {};

  StepRun(ModelRunner runner) {
    this.runner = runner;
  }

  /**
   * Computes the plan.
   *
   * @return the rows of logits that the chunks ask for, in the order of the plan; valid until the
   *     next step
   */
  float[] step(StepPlan<? extends Sequence> plan) {
    batch.clear();
    for (Chunk<? extends Sequence> chunk : plan.chunks()) {
      Sequence sequence = chunk.sequence();
      LoadedAdapter adapter = LoadedAdapter.of(sequence.request());
      batch.beginSequence(
          chunk.from(), sequence.table().blocks(), adapter == null ? null : adapter.weights());
      int end = chunk.from() + chunk.count();
      for (int i = chunk.from(); i < end; i++) {
        batch.addToken(sequence.token(i), i >= sequence.size() - 1);
      }
    }
    int needed = Math.multiplyExact(batch.logitRows(), runner.vocabulary());
    if (logits.length < needed) {
      logits = new float[needed];
    }
    runner.step(batch, logits);
    return logits;
  }
}
