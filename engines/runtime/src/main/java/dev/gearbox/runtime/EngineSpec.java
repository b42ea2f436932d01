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
 * @param maxLoras adapters that it serves at a time at most
 * @param maxLoraRank largest rank of an adapter
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
    int maxDrafts,
    int maxLoras,
    int maxLoraRank) {
  public EngineSpec {
    features = Set.copyOf(features);
    atLeast("max-sequences", maxSequences, 1);
    atLeast("max-context", maxContext, 2);
    atLeast("kv-blocks", kvBlocks, 1);
    atLeast("max-step-tokens", maxStepTokens, maxSequences);
    atLeast("queue-limit", queueLimit, 0);
    atLeast("max-drafts", maxDrafts, 0);
    atLeast("max-loras", maxLoras, 0);
    atLeast("max-lora-rank", maxLoraRank, 1);
  }

  /** Tokens guessed ahead where nobody says otherwise. */
  public static final int MAX_DRAFTS = 8;

  /** Adapters and their rank where nobody says otherwise. */
  public static final int MAX_LORAS = 8;

  public static final int MAX_LORA_RANK = 64;

  /** A spec with the usual bounds on adapters. */
  public EngineSpec(
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
    this(
        engine,
        pool,
        variant,
        fingerprint,
        features,
        maxSequences,
        maxContext,
        kvBlocks,
        maxStepTokens,
        queueLimit,
        maxDrafts,
        MAX_LORAS,
        MAX_LORA_RANK);
  }

  private static void atLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be " + least + " or more, got " + value);
    }
  }
}
