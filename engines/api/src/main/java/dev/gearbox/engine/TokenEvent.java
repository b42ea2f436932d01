package dev.gearbox.engine;

import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an engine says while it answers. */
public sealed interface TokenEvent {

  /**
   * One generated token.
   *
   * @param id token id
   * @param text text that became complete with this token: empty while a character is still in
   *     pieces or a stop string may be under way
   * @param logprob its log-probability; null when not asked for
   */
  record Token(int id, String text, @Nullable Logprob logprob) implements TokenEvent {}

  /**
   * The answer is complete.
   *
   * @param reason why it ended
   * @param text text that was held back and belongs to the answer, often empty
   * @param tokens what was computed
   * @param timings where the time went
   */
  record Finished(FinishReason reason, String text, TokenCounts tokens, EngineTimings timings)
      implements TokenEvent {}

  /**
   * The engine could not go on.
   *
   * @param code what kind of failure
   * @param message for the client
   * @param tokens what was computed before
   */
  record Failed(FailureCode code, String message, TokenCounts tokens) implements TokenEvent {}

  /** Why an answer ended. */
  enum FinishReason {
    STOP,
    LENGTH
  }

  /** Kinds of failure, as the gateway's error codes name them. */
  enum FailureCode {
    /** Prompt and answer do not fit the context or the KV memory. */
    CONTEXT_LENGTH_EXCEEDED,
    /** The queue is full, or the engine is draining. */
    OVERLOADED,
    /** The deadline passed. */
    DEADLINE_EXCEEDED,
    /** The engine is gone or broken. */
    ENGINE_FAILED
  }

  /**
   * A log-probability (natural, after temperature is ignored: of the model's own distribution).
   *
   * @param value of the sampled token
   * @param top the likeliest tokens with theirs, most likely first
   */
  record Logprob(double value, List<Alternative> top) {
    public Logprob {
      top = List.copyOf(top);
    }
  }

  /**
   * A token that could have been sampled.
   *
   * @param id token id
   * @param text its bytes as text, broken characters replaced
   * @param value log-probability
   */
  record Alternative(int id, String text, double value) {}
}
