package dev.gearbox.engine;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an engine is asked to do: the hand-off from the decision to the engine.
 *
 * @param id unique among running requests
 * @param prompt the prompt in this variant's tokens, at least one
 * @param sampling how tokens are picked
 * @param maxTokens tokens to generate at most, at least 1; 0 where an answer is scored
 * @param stop strings that end the answer and are not part of it, at most 16
 * @param ignoreEos keep going past end-of-sequence tokens
 * @param lane how it is batched
 * @param priority higher goes first and is preempted last
 * @param tpotTargetNanos time per output token that was promised; 0 when none was. The scheduler
 *     keeps interactive steps under the tightest one in the batch
 * @param deadlineNanos instant on the injected monotonic clock after which the work is pointless;
 *     {@link Long#MAX_VALUE} when there is none
 * @param cacheSalt mixed into the prefix hash, so that tenants do not share cached blocks
 * @param speculate whether tokens may be guessed ahead and checked in one step; the answer is the
 *     same either way
 * @param adapter what is applied beside the model's weights; null for nothing
 * @param scored tokens at the prompt's end that are an answer already: the engine says how likely
 *     it finds each of them and generates none; 0 where it generates
 * @param source what the prompt was before it became tokens, for an engine whose server does that
 *     itself; null where nobody knows
 * @param traceparent where it is in a trace (W3C Trace Context), for servers elsewhere; null where
 *     it is in none
 */
public record GenerationRequest(
    String id,
    TokenIds prompt,
    SamplingSpec sampling,
    int maxTokens,
    List<String> stop,
    boolean ignoreEos,
    Lane lane,
    int priority,
    long tpotTargetNanos,
    long deadlineNanos,
    String cacheSalt,
    boolean speculate,
    @Nullable Adapter adapter,
    int scored,
    @Nullable Prompt source,
    @Nullable String traceparent) {
  public static final int MAX_STOP_STRINGS = 16;

  /** Whose turn it is among those that came at once: who scores is last; lane, then priority. */
  public static final Comparator<GenerationRequest> TURN =
      Comparator.<GenerationRequest, Boolean>comparing(request -> request.scored() > 0)
          .thenComparing(GenerationRequest::lane)
          .thenComparing(GenerationRequest::priority, Comparator.reverseOrder());

  public GenerationRequest {
    stop = List.copyOf(stop);
    if (prompt.size() == 0) {
      throw new IllegalArgumentException("the prompt has no tokens");
    }
    if (scored < 0 || scored >= prompt.size()) {
      throw new IllegalArgumentException(
          "an answer that is scored stands behind a token at least: it has %d of %d"
              .formatted(scored, prompt.size()));
    }
    if (scored == 0 ? maxTokens < 1 : maxTokens != 0) {
      throw new IllegalArgumentException(
          "max_tokens must be 1 or more, and 0 where an answer is scored, got " + maxTokens);
    }
    if (stop.size() > MAX_STOP_STRINGS || stop.contains("")) {
      throw new IllegalArgumentException(
          "stop takes up to " + MAX_STOP_STRINGS + " strings that are not empty");
    }
  }

  /** A request to the model's own weights. */
  public GenerationRequest(
      String id,
      TokenIds prompt,
      SamplingSpec sampling,
      int maxTokens,
      List<String> stop,
      boolean ignoreEos,
      Lane lane,
      int priority,
      long tpotTargetNanos,
      long deadlineNanos,
      String cacheSalt,
      boolean speculate) {
    this(
        id,
        prompt,
        sampling,
        maxTokens,
        stop,
        ignoreEos,
        lane,
        priority,
        tpotTargetNanos,
        deadlineNanos,
        cacheSalt,
        speculate,
        null,
        0,
        null,
        null);
  }

  /** The same request with an adapter. */
  public GenerationRequest with(Adapter applied) {
    return with(applied, source, traceparent);
  }

  /** The same request, made of this prompt. */
  public GenerationRequest from(Prompt prompted) {
    return with(adapter, prompted, traceparent);
  }

  /** The same request, as part of this trace. */
  public GenerationRequest within(@Nullable String trace) {
    return with(adapter, source, trace);
  }

  private GenerationRequest with(
      @Nullable Adapter applied, @Nullable Prompt prompted, @Nullable String trace) {
    return new GenerationRequest(
        id,
        prompt,
        sampling,
        maxTokens,
        stop,
        ignoreEos,
        lane,
        priority,
        tpotTargetNanos,
        deadlineNanos,
        cacheSalt,
        speculate,
        applied,
        scored,
        prompted,
        trace);
  }

  /**
   * Asks how likely the model finds an answer that is there already. Its tokens come back in order,
   * each with its log-probability, and then the end. Such a request gets a step only when nobody
   * else on the device wants one, and what an engine says of itself leaves it out.
   *
   * @param prompt before the answer, at least one token
   * @param answer at least one token
   */
  public static GenerationRequest scoring(
      String id, TokenIds prompt, TokenIds answer, String cacheSalt, long deadlineNanos) {
    return new GenerationRequest(
        id,
        prompt.plus(answer),
        new SamplingSpec(0, 0, 1, 0, 0, 0, 1, Map.of(), null, 0),
        0,
        List.of(),
        true,
        Lane.BULK,
        Integer.MIN_VALUE,
        0,
        deadlineNanos,
        cacheSalt,
        false,
        null,
        answer.size(),
        null,
        null);
  }

  /** Whether it asks how likely an answer is, and not for one. */
  public boolean scores() {
    return scored > 0;
  }

  /** A greedy request in the interactive lane without targets. */
  public static GenerationRequest greedy(String id, TokenIds prompt, int maxTokens) {
    return new GenerationRequest(
        id,
        prompt,
        SamplingSpec.GREEDY,
        maxTokens,
        List.of(),
        false,
        Lane.INTERACTIVE,
        0,
        0,
        Long.MAX_VALUE,
        "",
        true);
  }
}
