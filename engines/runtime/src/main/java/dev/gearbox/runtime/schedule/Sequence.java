package dev.gearbox.runtime.schedule;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.runtime.cache.BlockTable;
import java.util.Arrays;
import java.util.Comparator;

/**
 * The tokens of one request and how far they are computed. Each step hands out tokens until {@link
 * #computed} meets {@link #size}; when they meet, a token is sampled and appended. Whoever runs a
 * sequence extends this with what it needs besides.
 */
public class Sequence {
  /** Who goes first, and is preempted last: lane, then priority, then arrival. */
  static final Comparator<Sequence> ORDER =
      Comparator.<Sequence, Lane>comparing(s -> s.request.lane())
          .thenComparing(s -> s.request.priority(), Comparator.reverseOrder())
          .thenComparingLong(s -> s.arrival);

  private final GenerationRequest request;
  private final long arrival;
  private final BlockTable table;
  private int[] tokens;
  private int size;
  private int computed;
  private boolean paused;

  /**
   * @param arrival ascends with every request of the engine
   */
  public Sequence(GenerationRequest request, long arrival) {
    this.request = request;
    this.arrival = arrival;
    this.table = new BlockTable(request.cacheSalt());
    this.tokens = request.prompt().toArray();
    this.size = tokens.length;
  }

  public final GenerationRequest request() {
    return request;
  }

  /** Prompt and generated tokens. */
  public final int size() {
    return size;
  }

  /** Tokens whose keys and values stand in the sequence's blocks. */
  public final int computed() {
    return computed;
  }

  public final int remaining() {
    return size - computed;
  }

  public final int generated() {
    return size - request.prompt().size();
  }

  public final int token(int index) {
    return tokens[index];
  }

  /** Whether it computes one token a step from its own answer, rather than a stretch of prompt. */
  public final boolean decoding() {
    return generated() > 0 && remaining() == 1;
  }

  /** Block table for the step. */
  public final BlockTable table() {
    return table;
  }

  /** A paused sequence keeps what it has and gets no step. */
  public final void pause(boolean paused) {
    this.paused = paused;
  }

  public final boolean paused() {
    return paused;
  }

  /** Adds the token that was sampled after all others were computed. */
  public final void append(int token) {
    if (remaining() != 0) {
      throw new IllegalStateException(remaining() + " tokens are not computed yet");
    }
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(16, size * 2));
    }
    tokens[size++] = token;
  }

  final int[] tokens() {
    return tokens;
  }

  final void computed(int computed) {
    this.computed = computed;
  }
}
