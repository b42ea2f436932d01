package dev.gearbox.runtime;

import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one step, flattened. Sequence {@code s} owns tokens {@code start(s)} to {@code
 * start(s + 1)}, which stand at positions {@code context(s)}, {@code context(s) + 1}, … of it; its
 * blocks hold positions {@code 16·b} to {@code 16·b + 15} in {@code blocks(s)[b]}, the new tokens
 * included.
 *
 * <pre>
 *   tokens   | a0 a1 a2 a3 | b0 | c0 |     three sequences: a prefill chunk and two decodes
 *   start      0             4    5    6
 *   context    32            17   95         tokens computed before this step
 *   logits   |          x  | x  | x  |     rows that are sampled
 * </pre>
 *
 * Reused from step to step by the device's owner thread; not thread-safe.
 */
public final class StepBatch {
  private int[] tokens = new int[64];
  private boolean[] wantsLogits = new boolean[64];
  private int[] start = new int[9];
  private int[] context = new int[8];
  private int[][] blocks = new int[8][];
  private @Nullable ModelAdapter[] adapters = new @Nullable ModelAdapter[8];
  private BooleanSupplier pressed = () -> false;
  private int sequences;
  private int logitRows;

  /** Begins an empty one, to be computed to its end. */
  public void clear() {
    pressed = () -> false;
    Arrays.fill(blocks, 0, sequences, null);
    Arrays.fill(adapters, 0, sequences, null);
    sequences = 0;
    logitRows = 0;
    start[0] = 0;
  }

  /** The step may end early once {@code pressed} says that somebody cannot wait for it. */
  public void mayGiveUp(BooleanSupplier pressed) {
    this.pressed = pressed;
  }

  /**
   * A place where the step may end early. Models pass some, such as one a layer, or none; any
   * thread.
   *
   * @throws StepGivenUpException when it does
   */
  public void pause() {
    if (pressed.getAsBoolean()) {
      throw new StepGivenUpException();
    }
  }

  /** Begins the next sequence, one of the model's own weights alone. */
  public void beginSequence(int computed, int[] table) {
    beginSequence(computed, table, null);
  }

  /**
   * Begins the next sequence.
   *
   * @param computed tokens of it that were computed before
   * @param table its block table; read during the step, not copied
   * @param adapter what is added to the model's weights for it; null for nothing
   */
  public void beginSequence(int computed, int[] table, @Nullable ModelAdapter adapter) {
    if (sequences == context.length) {
      context = Arrays.copyOf(context, sequences * 2);
      blocks = Arrays.copyOf(blocks, sequences * 2);
      adapters = Arrays.copyOf(adapters, sequences * 2);
      start = Arrays.copyOf(start, sequences * 2 + 1);
    }
    context[sequences] = computed;
    blocks[sequences] = table;
    adapters[sequences] = adapter;
    start[sequences + 1] = start[sequences];
    sequences++;
  }

  /** Adds a token to the sequence begun last; {@code logits} asks for its row. */
  public void addToken(int token, boolean logits) {
    int at = start[sequences];
    if (at == tokens.length) {
      tokens = Arrays.copyOf(tokens, at * 2);
      wantsLogits = Arrays.copyOf(wantsLogits, at * 2);
    }
    tokens[at] = token;
    wantsLogits[at] = logits;
    logitRows += logits ? 1 : 0;
    start[sequences] = at + 1;
  }

  public int sequences() {
    return sequences;
  }

  /** Number of tokens in all. */
  public int size() {
    return start[sequences];
  }

  public int logitRows() {
    return logitRows;
  }

  public int token(int index) {
    return tokens[index];
  }

  public boolean wantsLogits(int index) {
    return wantsLogits[index];
  }

  public int start(int sequence) {
    return start[sequence];
  }

  public int context(int sequence) {
    return context[sequence];
  }

  public int[] blocks(int sequence) {
    return blocks[sequence];
  }

  public @Nullable ModelAdapter adapter(int sequence) {
    return adapters[sequence];
  }

  /**
   * Refuses what a model must not be given.
   *
   * @param maxTokens of a step
   * @param kvBlocks that were allocated
   * @param logits floats of room for the rows asked for
   * @throws IllegalArgumentException saying what is out of bounds
   */
  public void check(int maxTokens, int vocabulary, int maxContext, int kvBlocks, int logits) {
    require(size() <= maxTokens, "tokens of the step", size(), maxTokens);
    long floats = (long) logitRows * vocabulary;
    require(floats <= logits, "floats of logits", floats, logits);
    for (int s = 0; s < sequences; s++) {
      int count = start[s + 1] - start[s];
      long end = (long) context[s] + count;
      require(end <= maxContext, "tokens of a sequence", end, maxContext);
      int[] table = blocks[s];
      int needed = (int) Math.ceilDiv(end, (long) ModelRunner.BLOCK_TOKENS);
      require(needed <= table.length, "blocks of a sequence", needed, table.length);
      for (int b = 0; b < needed; b++) {
        require(table[b] >= 0 && table[b] < kvBlocks, "a block", table[b], kvBlocks - 1L);
      }
    }
    for (int i = 0; i < size(); i++) {
      boolean known = tokens[i] >= 0 && tokens[i] < vocabulary;
      require(known, "a token id", tokens[i], vocabulary - 1L);
    }
  }

  private static void require(boolean holds, String what, long value, long most) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s must be at most %d, was %d".formatted(what, most, value));
    }
  }
}
