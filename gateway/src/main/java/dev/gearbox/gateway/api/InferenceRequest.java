package dev.gearbox.gateway.api;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that was parsed and checked: the first hand-off of the line.
 *
 * @param id unique in this process; ids of sequences and of the answer derive from it
 * @param kind endpoint that was called
 * @param model as the client wrote it
 * @param prompts one, or several on {@code /v1/completions}
 * @param n answers to each prompt
 * @param echo text to put before each answer, one per prompt; empty when not asked for
 * @param sampling how tokens are picked
 * @param maxTokens tokens of an answer at most; null leaves what the context leaves
 * @param stop strings that end an answer
 * @param ignoreEos keep going past end-of-sequence tokens
 * @param streaming whether the client asked for a stream
 * @param includeUsage whether the stream ends with a usage chunk
 * @param tokenIds whether the answer tells the ids of its tokens
 * @param tokensAsIds whether log-probabilities name tokens by their ids
 * @param timings whether the answer tells how fast it was made
 * @param progress whether the stream tells how far its prompt is
 * @param needs features without which it cannot be answered, with the parameter that asks for each
 * @param terms class and targets
 * @param caller who asks
 * @param ignoredFields fields of the body that mean nothing here, for a warning header
 * @param arrivedNanos when it arrived, on the injected monotonic clock
 * @param origin how it came
 * @param traceparent where it is in a trace: of the client, then of the request itself; null where
 *     it is in none
 */
public record InferenceRequest(
    String id,
    AnswerKind kind,
    String model,
    List<Prompt> prompts,
    int n,
    List<String> echo,
    SamplingSpec sampling,
    @Nullable Integer maxTokens,
    List<String> stop,
    boolean ignoreEos,
    boolean streaming,
    boolean includeUsage,
    boolean tokenIds,
    boolean tokensAsIds,
    boolean timings,
    boolean progress,
    Map<Feature, String> needs,
    Terms terms,
    Caller caller,
    List<String> ignoredFields,
    long arrivedNanos,
    Origin origin,
    @Nullable String traceparent) {
  /** Answers to one prompt at most. */
  public static final int MAX_N = 16;

  /** Sequences of one request at most. */
  public static final int MAX_SEQUENCES = 64;

  public InferenceRequest {
    prompts = List.copyOf(prompts);
    echo = List.copyOf(echo);
    stop = List.copyOf(stop);
    needs = Map.copyOf(needs);
    ignoredFields = List.copyOf(ignoredFields);
  }

  /**
   * The same, taken out of a queue at this moment.
   *
   * @param deadline what is left until its deadline; null without one
   */
  public InferenceRequest taken(long nowNanos, @Nullable Duration deadline, Origin from) {
    Targets asked = terms.targets();
    Targets left =
        new Targets(
            asked.ttft(),
            asked.tpot(),
            deadline,
            asked.throughput(),
            asked.quality(),
            asked.cost());
    return new InferenceRequest(
        id,
        kind,
        model,
        prompts,
        n,
        echo,
        sampling,
        maxTokens,
        stop,
        ignoreEos,
        streaming,
        includeUsage,
        tokenIds,
        tokensAsIds,
        timings,
        progress,
        needs,
        new Terms(terms.serviceClass(), terms.tier(), left, terms.patience(), terms.cutOff()),
        caller,
        ignoredFields,
        nowNanos,
        from,
        traceparent);
  }

  /** The same, in this place of a trace. */
  public InferenceRequest within(@Nullable String trace) {
    return new InferenceRequest(
        id,
        kind,
        model,
        prompts,
        n,
        echo,
        sampling,
        maxTokens,
        stop,
        ignoreEos,
        streaming,
        includeUsage,
        tokenIds,
        tokensAsIds,
        timings,
        progress,
        needs,
        terms,
        caller,
        ignoredFields,
        arrivedNanos,
        origin,
        trace);
  }

  /** Sequences that it takes, and permits that it needs. */
  public int sequences() {
    return prompts.size() * n;
  }

  /**
   * When nobody wants the answer any more, on the monotonic clock; {@link Long#MAX_VALUE} for
   * never.
   */
  public long deadlineNanos() {
    Duration end = terms.end();
    return end == null ? Long.MAX_VALUE : arrivedNanos + end.toNanos();
  }

  /** Id of the answer. */
  public String answerId() {
    return kind.idPrefix() + id;
  }
}
