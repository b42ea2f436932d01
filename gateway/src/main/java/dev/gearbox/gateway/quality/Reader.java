package dev.gearbox.gateway.quality;

import dev.gearbox.engine.Encoding;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Prompt;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.quality.Answered.Case;
import java.time.Duration;
import java.util.List;
import reactor.adapter.JdkFlowAdapter;

/** Lets an engine read an answer. Blocks, on the thread of audits. */
final class Reader {
  /** More than any answer is audited for: an engine that hangs is waited for no longer. */
  private static final Duration HANGS = QualityAudit.PATIENCE.plusSeconds(30);

  private Reader() {}

  /** Why an answer was not read. */
  enum Unread {
    /** The device had no time for it while it was wanted. */
    BUSY,
    /** It does not fit, or the engine failed. */
    FAILED
  }

  /** An answer was not read. */
  static final class UnreadException extends Exception {
    private static final long serialVersionUID = 1L;

    final Unread why;

    UnreadException(Unread why) {
      super(why.name(), null, false, false);
      this.why = why;
    }
  }

  /**
   * The natural logarithm of the probability that an engine gives the text of an answer.
   *
   * @param tokens of the answer where they are known in the engine's vocabulary; else none, and its
   *     own tokenizer has the say
   */
  static double logProbability(EngineSlot slot, Case answer, TokenIds tokens)
      throws UnreadException {
    Engine engine = slot.running();
    TokenIds prompt = encoded(engine, answer.prompt());
    TokenIds whole = encoded(engine, new Prompt.Begun(answer.prompt(), answer.text(), tokens));
    GenerationRequest asked =
        GenerationRequest.scoring(
            "audit-" + answer.id(),
            prompt,
            whole.after(prompt.size()),
            answer.cacheSalt(),
            answer.untilNanos());
    List<TokenEvent> events =
        JdkFlowAdapter.flowPublisherToFlux(engine.submit(asked)).collectList().block(HANGS);
    if (events == null) {
      throw new UnreadException(Unread.FAILED);
    }
    double sum = 0;
    for (TokenEvent event : events) {
      switch (event) {
        case TokenEvent.Token token ->
            sum += token.logprob() == null ? Double.NaN : token.logprob().value();
        case TokenEvent.Finished ignored -> {}
        case TokenEvent.Failed(FailureCode code, var message, var counts) ->
            throw new UnreadException(
                code == FailureCode.DEADLINE_EXCEEDED ? Unread.BUSY : Unread.FAILED);
      }
    }
    if (!Double.isFinite(sum)) {
      throw new UnreadException(Unread.FAILED);
    }
    return sum;
  }

  private static TokenIds encoded(Engine engine, Prompt prompt) throws UnreadException {
    if (engine.encode(prompt) instanceof Encoding.Encoded(TokenIds tokens)) {
      return tokens;
    }
    throw new UnreadException(Unread.FAILED);
  }
}
