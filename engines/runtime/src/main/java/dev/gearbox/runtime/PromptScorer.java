package dev.gearbox.runtime;

import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.sample.Logprobs;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How likely a model finds a text, token by token: the measure behind perplexity and bits per byte.
 * The protocol is that of llama-perplexity: the tokens are cut into windows that do not overlap, a
 * rest is dropped, BOS replaces the first token of each window where the model wants it, and the
 * second half of each window is scored, so that every scored token has half a window of context.
 *
 * <pre>
 *   window    | BOS t1 t2 … | t(n/2+1) … t(n−1) |
 *             0             n/2 + 1              n = windowTokens
 *               context       scored
 * </pre>
 *
 * Uses the runner alone, on the caller's thread; the runner must not have run before.
 */
public final class PromptScorer {
  /** Floats of logits in memory at once: 64 MB. */
  private static final int LOGIT_FLOATS = 1 << 24;

  private final ModelRunner runner;
  private final int windowTokens;
  private final OptionalInt bos;
  private final @Nullable ModelAdapter adapter;
  private final int[] table;
  private final int chunkTokens;
  private final float[] logits;
  private final StepBatch batch = new StepBatch();

  /**
   * @param windowTokens tokens in a window, at least 4
   * @param bos put first in each window where the model wants it
   */
  public PromptScorer(ModelRunner runner, int windowTokens, OptionalInt bos) {
    this(runner, windowTokens, bos, null);
  }

  /**
   * @param windowTokens tokens in a window, at least 4
   * @param bos put first in each window where the model wants it
   * @param adapter applied beside the model's weights; null for none
   */
  public PromptScorer(
      ModelRunner runner, int windowTokens, OptionalInt bos, @Nullable ModelAdapter adapter) {
    if (windowTokens < 4 || windowTokens > runner.maxContext()) {
      throw new IllegalArgumentException(
          "a window has 4 to %d tokens, got %d".formatted(runner.maxContext(), windowTokens));
    }
    this.runner = runner;
    this.windowTokens = windowTokens;
    this.bos = bos;
    this.adapter = adapter;
    this.table = new int[Math.ceilDiv(windowTokens, ModelRunner.BLOCK_TOKENS)];
    for (int i = 0; i < table.length; i++) {
      table[i] = i;
    }
    int rows = Math.clamp(LOGIT_FLOATS / runner.vocabulary(), 1, windowTokens);
    this.chunkTokens = Math.min(rows, runner.maxStepTokens());
    this.logits = new float[chunkTokens * runner.vocabulary()];
    runner.allocateBlocks(table.length);
  }

  /** Takes scores in the order of the tokens. */
  @FunctionalInterface
  public interface Scores {
    /**
     * A token was scored.
     *
     * @param index of the token, in all tokens
     * @param logProbability natural
     */
    void accept(int index, double logProbability);
  }

  /** Takes whole rows of logits in the order of the tokens that they predict. */
  @FunctionalInterface
  public interface Rows {
    /**
     * A token was predicted.
     *
     * @param index of the token, in all tokens
     * @param token that came
     * @param logits those of the vocabulary from {@code from}; to be read, not kept
     */
    void accept(int index, int token, float[] logits, int from);
  }

  /** Number of whole windows in {@code tokens} tokens. */
  public int windows(int tokens) {
    return tokens / windowTokens;
  }

  /** Scores window after window, each a step or a few. */
  public void score(TokenIds tokens, Scores scores) {
    rows(
        tokens,
        (index, token, row, from) ->
            scores.accept(
                index, row[from + token] - Logprobs.logSumExp(row, from, runner.vocabulary())));
  }

  /** The same, with all that was predicted in each place. */
  public void rows(TokenIds tokens, Rows rows) {
    int[] window = new int[windowTokens];
    for (int begin = 0; begin + windowTokens <= tokens.size(); begin += windowTokens) {
      for (int i = 0; i < windowTokens; i++) {
        window[i] = tokens.get(begin + i);
      }
      if (bos.isPresent()) {
        window[0] = bos.getAsInt();
      }
      rows(window, begin, rows);
    }
  }

  private void rows(int[] window, int begin, Rows rows) {
    int first = windowTokens / 2 + 1;
    // Token i is predicted by the logits of token i − 1; the last one predicts nothing.
    for (int from = 0; from < windowTokens - 1; from += chunkTokens) {
      int to = Math.min(from + chunkTokens, windowTokens - 1);
      batch.clear();
      batch.beginSequence(from, table, adapter);
      for (int i = from; i < to; i++) {
        batch.addToken(window[i], i + 1 >= first);
      }
      runner.step(batch, logits);
      int row = 0;
      for (int next = Math.max(first, from + 1); next <= to; next++) {
        rows.accept(begin + next, window[next], logits, row++ * runner.vocabulary());
      }
    }
  }
}
