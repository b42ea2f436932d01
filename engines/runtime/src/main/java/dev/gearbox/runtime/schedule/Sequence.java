package dev.gearbox.runtime.schedule;

import dev.gearbox.engine.Adapter;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.runtime.cache.BlockTable;
import dev.gearbox.runtime.speculate.PromptLookup;
import dev.gearbox.runtime.speculate.Speculation;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one request and how far they are computed. Each step hands out tokens until {@link
 * #computed} meets {@link #size}; when they meet, a token is sampled and appended. Whoever runs a
 * sequence extends this with what it needs besides.
 *
 * <pre>
 *   | computed …  | size    | drafts |
 *   tokens whose   to be      guessed: computed with the last token, and
 *   keys stand     computed   forgotten unless sampling finds them again
 * </pre>
 *
 * One that scores an answer has that answer among its tokens from the start, and ends when the
 * logits behind all but the last were looked at.
 */
public class Sequence {
  /**
   * Rows of logits that one step gives for an answer that is scored: a row of a large vocabulary
   * takes half a megabyte.
   */
  private static final int SCORED_ROWS = 32;

  /** Instant of the last token of a sequence that has none. */
  public static final long NO_TOKEN = Long.MIN_VALUE;

  /** Who goes first, and is preempted last: by turn, then by arrival. */
  static final Comparator<Sequence> ORDER =
      Comparator.<Sequence, GenerationRequest>comparing(s -> s.request, GenerationRequest.TURN)
          .thenComparingLong(s -> s.arrival);

  private final GenerationRequest request;
  private final long arrival;
  private final BlockTable table;
  private final @Nullable Speculation lookup;
  private final @Nullable Speculation draft;
  private int[] tokens;
  private int size;
  private int computed;
  private int drafts;
  private @Nullable Speculation guesser;
  private int drafted;
  private boolean paused;
  private int unscored;

  /**
   * @param arrival ascends with every request of the engine
   */
  public Sequence(GenerationRequest request, long arrival) {
    this.request = request;
    this.arrival = arrival;
    Adapter adapter = request.adapter();
    this.table = new BlockTable(request.cacheSalt(), adapter == null ? null : adapter.key());
    this.lookup = request.speculate() ? new Speculation() : null;
    this.draft = request.speculate() ? new Speculation() : null;
    this.tokens = request.prompt().toArray();
    this.size = tokens.length;
    this.unscored = size - request.scored();
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

  /** Whether it says how likely an answer is, and makes none. */
  public final boolean scores() {
    return request.scores();
  }

  /** The next token of the answer that is scored. */
  public final int score() {
    return tokens[unscored++];
  }

  /** Whether every token of that answer was scored. */
  public final boolean scored() {
    return unscored == size;
  }

  /** Rows of logits that are looked at behind {@code count} tokens from {@code from} on. */
  public final int rows(int from, int count) {
    int first = scores() ? unscored - 1 : size - 1;
    int end = scores() ? Math.min(from + count, size - 1) : from + count;
    return Math.max(0, end - Math.max(from, first));
  }

  /** Tokens that its next chunk has where a step has room for {@code most}. */
  final int chunk(int most) {
    int count = Math.min(remaining(), most);
    return scores() ? Math.min(count, unscored - 1 - computed + SCORED_ROWS) : count;
  }

  /** Tokens at its beginning that need not be computed where their keys and values are there. */
  final int sparable() {
    return (scores() ? unscored : size) - 1;
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

  /**
   * Adds the token that was sampled after all others were computed. A token that was guessed counts
   * as computed, and the one after it can be sampled from the same step.
   */
  public final void append(int token) {
    if (remaining() != 0) {
      throw new IllegalStateException(remaining() + " tokens are not computed yet");
    }
    reserve(1);
    boolean guessed = drafts > 0 && tokens[size] == token;
    tokens[size++] = token;
    drafts = guessed ? drafts - 1 : 0;
    computed += guessed ? 1 : 0;
  }

  /**
   * Looks up to {@code most} guesses up, which stand behind {@link #size}; returns their number.
   *
   * @param least tokens in common with what they are copied from
   */
  final int lookUp(int most, int least) {
    reserve(most);
    return PromptLookup.propose(tokens, size, most, least);
  }

  /** Sets a token that a draft model guessed, {@code index} behind {@link #size}. */
  public final void guess(int index, int token) {
    tokens[size + index] = token;
  }

  /** Computes {@code count} guesses of {@code by} in the next step. */
  final void drafts(int count, Speculation by) {
    reserve(count);
    drafts = count;
    guesser = by;
  }

  /** Forgets the guesses that were wrong; returns whose they were. */
  final @Nullable Speculation settle() {
    drafts = 0;
    drafted = Math.min(drafted, computed);
    return guesser;
  }

  /** How looking up went so far; null where no guesses are wanted. */
  final @Nullable Speculation lookup() {
    return lookup;
  }

  /** How the guesses of a draft model went so far; null where none are wanted. */
  final @Nullable Speculation draft() {
    return draft;
  }

  /** Tokens whose keys and values a draft model has in the sequence's blocks, guesses included. */
  public final int drafted() {
    return drafted;
  }

  public final void drafted(int count) {
    drafted = count;
  }

  /** Tokens that the answer may still get. */
  final int wanted() {
    return request.maxTokens() - generated();
  }

  private void reserve(int more) {
    if (size + more > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(16, (size + more) * 2));
    }
  }

  /**
   * Instant by which its next step should have ended; {@link Long#MAX_VALUE} when nothing presses.
   *
   * @param lastToken instant of its last token, or {@link #NO_TOKEN}
   * @param decodeNanos estimate of a step that decodes
   * @param prefillTokenNanos estimate of a prompt token
   */
  public final long due(long lastToken, double decodeNanos, double prefillTokenNanos) {
    long due = Long.MAX_VALUE;
    if (request.tpotTargetNanos() > 0 && lastToken != NO_TOKEN) {
      due = lastToken + request.tpotTargetNanos();
    }
    if (request.deadlineNanos() != Long.MAX_VALUE) {
      // Only the work that is certain: most answers end long before max_tokens.
      double workLeft = decodeNanos + remaining() * prefillTokenNanos;
      due = Math.min(due, request.deadlineNanos() - (long) workLeft);
    }
    return due;
  }

  final int[] tokens() {
    return tokens;
  }

  final void computed(int computed) {
    this.computed = computed;
  }

  /** Begins anew in other blocks, in which the first {@code cached} tokens stand. */
  final void restart(int cached) {
    computed = cached;
    drafted = 0;
  }
}
