package dev.gearbox.gateway.cli;

import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;

/** Steps of a model without scheduler and sampler: what the silicon gives. */
final class Steps {
  private final ModelRunner runner;
  private final int promptTokens;
  private final int generatedTokens;
  private final int depth;
  private final int[][] tables;
  private final float[] logits;
  private final StepBatch batch = new StepBatch();

  /**
   * Allocates KV memory for the longest of the runs.
   *
   * @param depth tokens that the context holds before the first of a run
   * @param widest sequences at once at most
   */
  Steps(ModelRunner runner, int promptTokens, int generatedTokens, int depth, int widest) {
    int longest = depth + Math.max(promptTokens, generatedTokens);
    if (longest > runner.maxContext()) {
      throw new IllegalArgumentException(
          "this model has a context of %d tokens, asked for %d"
              .formatted(runner.maxContext(), longest));
    }
    this.runner = runner;
    this.promptTokens = promptTokens;
    this.generatedTokens = generatedTokens;
    this.depth = depth;
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

  /** Tokens per second of a prompt. */
  double prefill() {
    long start = System.nanoTime();
    for (int from = 0; from < promptTokens; from += runner.maxStepTokens()) {
      int to = Math.min(from + runner.maxStepTokens(), promptTokens);
      batch.clear();
      batch.beginSequence(depth + from, tables[0]);
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
        batch.beginSequence(depth + i, tables[s]);
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
