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
  private final int depth;
  private final int[][] tables;
  private final float[] logits;
  private final StepBatch batch = new StepBatch();
  private @Nullable ModelAdapter adapter;

  /**
   * Allocates KV memory for the longest of the runs.
   *
   * @param depth tokens of context before those generated
   * @param widest sequences at once at most
   */
  Steps(ModelRunner runner, int promptTokens, int generatedTokens, int depth, int widest) {
    int longest = Math.max(promptTokens, Math.addExact(depth, generatedTokens));
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
    runner.allocateBlocks(Math.multiplyExact(widest, blocks));
    for (int[] table : tables) {
      compute(table, 0, depth);
    }
  }

  /** What all sequences carry from here on; null for nothing. */
  void carry(@Nullable ModelAdapter carried) {
    adapter = carried;
  }

  /** Tokens per second of a prompt. */
  double prefill() {
    return prefill(0, promptTokens);
  }

  /**
   * Tokens per second of {@code tokens} of a prompt behind {@code before} that were computed; what
   * those were does not matter to the time.
   */
  double prefill(int before, int tokens) {
    long start = System.nanoTime();
    compute(tables[0], before, before + tokens);
    return tokens * 1e9 / (System.nanoTime() - start);
  }

  private void compute(int[] table, int before, int end) {
    for (int from = before; from < end; from += runner.maxStepTokens()) {
      int to = Math.min(from + runner.maxStepTokens(), end);
      batch.clear();
      batch.beginSequence(from, table, adapter);
      for (int i = from; i < to; i++) {
        batch.addToken(token(i), i == end - 1);
      }
      runner.step(batch, logits);
    }
  }

  /** Tokens per second of that many sequences together, one token each a step. */
  double decode(int sequences) {
    return decode(sequences, depth, generatedTokens);
  }

  /** The same of {@code tokens} each behind any {@code context} that was computed. */
  double decode(int sequences, int context, int tokens) {
    long start = System.nanoTime();
    for (int i = 0; i < tokens; i++) {
      batch.clear();
      for (int s = 0; s < sequences; s++) {
        batch.beginSequence(context + i, tables[s], adapter);
        batch.addToken(token(i + s), true);
      }
      runner.step(batch, logits);
    }
    return (double) tokens * sequences * 1e9 / (System.nanoTime() - start);
  }

  private int token(int i) {
    return Math.floorMod(i * 7919 + 13, runner.vocabulary());
  }
}
