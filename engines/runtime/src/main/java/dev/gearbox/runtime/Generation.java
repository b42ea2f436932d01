package dev.gearbox.runtime;

import dev.gearbox.engine.Engine.Prefill;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenEvent.FinishReason;
import dev.gearbox.engine.TokenEvent.Logprob;
import dev.gearbox.runtime.PromptEncoder.TextDecoder;
import dev.gearbox.runtime.sample.Logprobs;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.sample.StopText;
import dev.gearbox.runtime.schedule.Sequence;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import org.jspecify.annotations.Nullable;

/**
 * One request while it runs: its sequence, how its tokens are picked and turned to text, and when
 * what happened. Confined to the owner thread.
 */
final class Generation extends Sequence {
  private static final System.Logger LOG = System.getLogger(Generation.class.getName());
  private static final long NEVER = NO_TOKEN;

  private final TokenStream stream;
  private final PromptEncoder encoder;
  private final TextDecoder decoder;
  private final StopText stopText;
  private final Sampler sampler;
  private final long submitted;
  private long scheduled = NEVER;
  private long firstToken = NEVER;
  private long lastToken = NEVER;
  private int cached;

  Generation(
      TokenStream stream,
      long arrival,
      PromptEncoder encoder,
      Sampler sampler,
      long submittedNanos) {
    super(stream.request(), arrival);
    GenerationRequest request = stream.request();
    this.stream = stream;
    this.encoder = encoder;
    this.decoder = encoder.decoder();
    this.stopText = new StopText(request.stop());
    this.sampler = sampler;
    this.submitted = submittedNanos;
  }

  TokenStream stream() {
    return stream;
  }

  /** Whether this is the first time that it enters the batch, which is the one that is counted. */
  boolean enters(long nowNanos, int cachedTokens) {
    if (scheduled != NEVER) {
      return false;
    }
    scheduled = nowNanos;
    cached = Math.min(cachedTokens, request().prompt().size());
    return true;
  }

  /**
   * How much of its prompt stands; after a preemption that may be less than was cached at first.
   */
  Prefill prefill() {
    return new Prefill(Math.min(cached, computed()), computed(), size());
  }

  /**
   * Takes the tokens that a step gives: one, and as many more as guesses were right; or those of an
   * answer that is scored.
   *
   * @param row of {@code logits} where its own begin
   * @param rows that are its own
   * @return its last event when it ends there; null to go on
   */
  @Nullable TokenEvent accept(StepLogits logits, int row, int rows, long nowNanos) {
    try {
      if (scores()) {
        return score(logits, row, rows, nowNanos);
      }
      int at = row;
      FinishReason reason = next(logits, at, nowNanos);
      while (reason == null && remaining() == 0) {
        reason = next(logits, ++at, nowNanos);
      }
      return reason == null ? null : finished(reason);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "event=sampling_failed request=" + request().id(), e);
      return failed(FailureCode.ENGINE_FAILED, "no token could be sampled");
    }
  }

  /** How many of the likeliest tokens its next one depends on; 0 for all. */
  int looksAt() {
    return sampler.looksAt();
  }

  /** Takes the next token from a row of logits; the reason to end there, or null to go on. */
  private @Nullable FinishReason next(StepLogits logits, int row, long nowNanos) {
    int token = logits.sample(sampler, row);
    came(nowNanos);
    if (!request().ignoreEos() && encoder.isEndOfGeneration(token)) {
      return FinishReason.STOP;
    }
    Logprob logprob = logprob(logits, row, token);
    append(token);
    tell(token, logprob);
    if (stopText.stopped()) {
      return FinishReason.STOP;
    }
    return generated() == request().maxTokens() ? FinishReason.LENGTH : null;
  }

  /** Says how likely the next tokens of a given answer are. */
  private @Nullable TokenEvent score(StepLogits logits, int row, int rows, long nowNanos) {
    came(nowNanos);
    for (int at = row; at < row + rows; at++) {
      int token = score();
      tell(token, logprob(logits, at, token));
    }
    return scored() ? finished(FinishReason.STOP) : null;
  }

  private void came(long nowNanos) {
    if (firstToken == NEVER) {
      firstToken = nowNanos;
    }
    lastToken = nowNanos;
  }

  private @Nullable Logprob logprob(StepLogits logits, int row, int token) {
    int top = request().sampling().topLogprobs();
    int vocabulary = logits.vocabulary();
    return top < 0
        ? null
        : Logprobs.of(logits.whole, row * vocabulary, vocabulary, token, top, encoder::text);
  }

  private void tell(int token, @Nullable Logprob logprob) {
    stream.emit(new TokenEvent.Token(token, stopText.append(decoder.append(token)), logprob));
  }

  private TokenEvent finished(FinishReason reason) {
    String text = stopText.append(decoder.flush());
    if (stopText.stopped()) {
      return new TokenEvent.Finished(FinishReason.STOP, text, counts(), timings());
    }
    return new TokenEvent.Finished(reason, text + stopText.flush(), counts(), timings());
  }

  TokenEvent failed(FailureCode code, String message) {
    return new TokenEvent.Failed(code, message, counts());
  }

  boolean isExpired(long nowNanos) {
    long deadline = request().deadlineNanos();
    return deadline != Long.MAX_VALUE && deadline - nowNanos <= 0;
  }

  /** Instant by which its next step should have ended; see {@link Sequence#due}. */
  long due(double decodeNanos, double prefillTokenNanos) {
    return due(lastToken, decodeNanos, prefillTokenNanos);
  }

  private TokenCounts counts() {
    int scored = request().scored();
    return new TokenCounts(request().prompt().size() - scored, cached, generated() + scored);
  }

  private EngineTimings timings() {
    return new EngineTimings(scheduled - submitted, firstToken - scheduled, lastToken - firstToken);
  }
}
