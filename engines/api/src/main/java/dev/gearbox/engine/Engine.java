package dev.gearbox.engine;

import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.util.Map;
import java.util.concurrent.Flow;

/**
 * One running copy of a variant. All methods are thread-safe and none blocks, {@link #close} apart.
 */
public interface Engine extends AutoCloseable {
  /** What it runs and what it can do; does not change during its life. */
  EngineCapabilities capabilities();

  /**
   * The tokens that a prompt becomes under this variant's chat template and tokenizer. Pure; costs
   * about a microsecond a token, so it is kept off reactor threads.
   */
  Encoding encode(Prompt prompt);

  /**
   * Generates. Nothing starts before the single subscriber comes; events then arrive in order and
   * end with exactly one {@link TokenEvent.Finished} or {@link TokenEvent.Failed} followed by
   * {@code onComplete} ({@code onError} is never used: failures are events). Demand is honoured: a
   * subscriber that asks for nothing pauses its own sequence and no other. Cancelling the
   * subscription stops the work and frees its memory within a step; it is idempotent and may come
   * late. A second subscriber gets an {@link IllegalStateException} through {@code onError}.
   */
  Flow.Publisher<TokenEvent> submit(GenerationRequest request);

  /**
   * Whether it takes requests that {@linkplain GenerationRequest#scoring score} an answer; others
   * throw an {@link IllegalArgumentException} when one is submitted.
   */
  default boolean scores() {
    return false;
  }

  /** What it says of itself at this moment. */
  EngineSignal signal();

  /** What it has done since it opened; {@link EngineCounters#NONE} where that is not known. */
  default EngineCounters counters() {
    return EngineCounters.NONE;
  }

  /**
   * How much of a prompt is computed.
   *
   * @param cached tokens whose keys and values were found in a cache
   * @param done tokens whose keys and values stand, cached ones among them
   * @param of tokens of the prompt
   */
  record Prefill(int cached, int done, int of) {}

  /**
   * Prompts that it computes at this moment, by the id of their request; empty where that is not
   * known.
   */
  default Map<String, Prefill> prefills() {
    return Map.of();
  }

  /** Takes no new requests from here on; running ones end normally. */
  void drain();

  /** Fails what still runs and releases everything. Idempotent. */
  @Override
  void close();
}
