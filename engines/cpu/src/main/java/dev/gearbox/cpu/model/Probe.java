package dev.gearbox.cpu.model;

/**
 * Looks at what flows through a model while it computes, for those who study or change its weights;
 * engines that serve have none. Called by one worker at a time, between the stages of a step.
 */
@FunctionalInterface
public interface Probe {
  /** Where values are looked at, one row for each token of the step. */
  enum Point {
    /**
     * The residual stream as it enters a layer; behind the last one, as layer number {@code
     * layers}.
     */
    HIDDEN,
    /** What the query, key and value matrices multiply. */
    ATTENTION_INPUT,
    /** What the attention output matrix multiplies. */
    ATTENDED,
    /** What the gate and up matrices multiply. */
    FEED_FORWARD_INPUT,
    /** What the down matrix multiplies. */
    INNER,
    /** What the down matrix makes of it, before any norm. */
    FEED_FORWARD_OUTPUT,
    /** What the matrix of the logits multiplies; layer 0. */
    LOGITS_INPUT
  }

  /**
   * Values went by. Behind the attention of the last layer there are rows only for the tokens whose
   * logits are asked for.
   *
   * @param values {@code rows} rows of {@code width} floats from 0; to be read, not kept
   */
  void see(Point point, int layer, float[] values, int rows, int width);
}
