package dev.gearbox.runtime;

import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.runtime.sample.Likeliest;

/**
 * The transformer step of one model on one device. Confined to the device's owner thread, except
 * for {@link #adapter}, which any thread may call, and {@link #close}, which comes after the last
 * step.
 */
public interface ModelRunner extends AutoCloseable {
  /** Tokens in one block of KV memory. */
  int BLOCK_TOKENS = 16;

  /** Number of token ids: the width of a row of logits. */
  int vocabulary();

  /** Positions that the model was trained for. */
  int maxContext();

  /** Bytes of KV memory that one block of {@link #BLOCK_TOKENS} tokens takes, over all layers. */
  long bytesPerBlock();

  /**
   * Tokens in one step at most; larger batches are refused with an {@link
   * IllegalArgumentException}.
   */
  int maxStepTokens();

  /**
   * Tokens up to which a step computes each token with the same kernels, so that its logits are the
   * same bits whatever else the step carries; at least 1. Larger steps are the same within
   * rounding.
   */
  int exactStepTokens();

  /**
   * Checks an adapter against the model and copies it; its file may be closed afterwards.
   *
   * @param factor on the scale that the file gives
   * @throws RuntimeException when it does not fit the model; the message says why
   */
  default ModelAdapter adapter(LoraAdapter file, float factor) {
    throw new UnsupportedOperationException("this engine takes no adapters");
  }

  /** Reserves KV memory; called once, before the first step. Blocks are numbered from 0. */
  void allocateBlocks(int blocks);

  /**
   * Computes one step: writes keys and values of every token of {@code batch} into its sequence's
   * blocks and, for each row that asks, its logits.
   *
   * @param logits {@code batch.logitRows()} rows of {@link #vocabulary()} floats, in the order of
   *     the asking tokens
   * @throws StepGivenUpException out of {@link StepBatch#pause}
   * @throws DeviceLostException when no later step can succeed
   */
  void step(StepBatch batch, float[] logits);

  /** Tokens of a row that {@link #step(StepBatch, Likeliest)} gives at most; 0: it gives none. */
  default int maxLikeliest() {
    return 0;
  }

  /**
   * Computes one step whose rows are looked at no further than their likeliest tokens, so that the
   * others need not leave the silicon. Only where {@link #maxLikeliest} says so.
   *
   * @param likeliest begun for the batch's rows
   * @throws DeviceLostException when no later step can succeed
   */
  default void step(StepBatch batch, Likeliest likeliest) {
    throw new UnsupportedOperationException("this model gives whole rows of logits");
  }

  @Override
  void close();
}
