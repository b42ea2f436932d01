package dev.gearbox.gateway.cli;

import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import org.jspecify.annotations.Nullable;

/** Steps of a model without scheduler and sampler: what the silicon gives. */
final class Steps {
  private final ModelRunner runner;
  private final int promptTokens;
  private final int generatedTokens;
  private final int[][] tables;
  private final float[] logits;
  private final StepBatch batch = new StepBatch();
  private @Nullable ModelAdapter adapter;

  /**
   * Allocates KV memory for the longest of the runs.
   *
   * @param widest sequences at once at most
   */
  Steps(ModelRunner runner, int promptTokens, int generatedTokens, int widest) {
    int longest = Math.max(promptTokens, generatedTokens);
    if (longest > runner.maxContext()) {
      throw new IllegalArgumentException(
          "this model has a context of %d tokens, asked for %d"
              .formatted(runner.maxContext(), longest));
    }
    this.runner = runner;
    this.promptTokens = promptTokens;
    this.generatedTokens = generatedTokens;
    int blocks = Math.ceilDiv(longest, ModelRunner.BLOCK_TOKENS);
    tables = new int[widest][blocks];
    for (int s = 0; s < widest; s++) {
      for (int b = 0; b < blocks; b++) {
        tables[s][b] = s * blocks + b;
      }
    }
    logits = new float[widest * runner.vocabulary()];
    runner.allocateBlocks(widest * blocks);
  }

  /** What all sequences carry from here on; null for nothing. */
  void carry(@Nullable ModelAdapter carried) {
    adapter = carried;
  }

  /** Tokens per second of a prompt. */
  double prefill() {
    long start = System.nanoTime();
    for (int from = 0; from < promptTokens; from += runner.maxStepTokens()) {
      int to = Math.min(from + runner.maxStepTokens(), promptTokens);
      batch.clear();
      batch.beginSequence(from, tables[0], adapter);
      for (int i = from; i < to; i++) {
        batch.addToken(token(i), i == promptTokens - 1);
      }
      runner.step(batch, logits);
    }
    return promptTokens * 1e9 / (System.nanoTime() - start);
  }

  /** Tokens per second of that many sequences together, one token each a step. */
  double decode(int sequences) {
    long start = System.nanoTime();
    for (int i = 0; i < generatedTokens; i++) {
      batch.clear();
      for (int s = 0; s < sequences; s++) {
        batch.beginSequence(i, tables[s], adapter);
        batch.addToken(token(i + s), true);
      }
      runner.step(batch, logits);
    }
    return (double) generatedTokens * sequences * 1e9 / (System.nanoTime() - start);
  }

  private int token(int i) {
    return Math.floorMod(i * 7919 + 13, runner.vocabulary());
  }
}
