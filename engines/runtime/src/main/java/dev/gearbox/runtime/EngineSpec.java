package dev.gearbox.runtime;

import dev.gearbox.engine.EngineCapabilities.Feature;
import java.util.Set;

/**
 * What a {@link Device} is told about an engine that it opens.
 *
 * @param engine id, as in its signals
 * @param pool pool it belongs to
 * @param variant variant it runs
 * @param fingerprint variant and build
 * @param features what requests may ask for beyond plain text
 * @param maxSequences sequences that one step may carry, at least 1
 * @param maxContext tokens of prompt and answer together that one sequence may have; lowered to
 *     what the model and the KV memory allow
 * @param kvBlocks blocks of KV memory, of {@link ModelRunner#BLOCK_TOKENS} tokens each
 * @param maxStepTokens tokens in one step at most, lowered to what the runner takes; at least
 *     {@code maxSequences}
 * @param queueLimit requests that may wait beyond {@code maxSequences}; more are refused
 * @param maxDrafts tokens guessed ahead for a sequence at most; 0 guesses none
 */
public record EngineSpec(
    String engine,
    String pool,
    String variant,
    String fingerprint,
    Set<Feature> features,
    int maxSequences,
    int maxContext,
    int kvBlocks,
    int maxStepTokens,
    int queueLimit,
    int maxDrafts) {
  public EngineSpec {
    features = Set.copyOf(features);
    atLeast("max-sequences", maxSequences, 1);
    atLeast("max-context", maxContext, 2);
    atLeast("kv-blocks", kvBlocks, 1);
    atLeast("max-step-tokens", maxStepTokens, maxSequences);
    atLeast("queue-limit", queueLimit, 0);
    atLeast("max-drafts", maxDrafts, 0);
  }

  /** Tokens guessed ahead where nobody says otherwise. */
  public static final int MAX_DRAFTS = 8;

  private static void atLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be " + least + " or more, got " + value);
    }
  }
}
