package dev.gearbox.policy.simulate;

import dev.gearbox.policy.fact.VariantFacts;

/**
 * An engine to simulate.
 *
 * @param pool pool it belongs to
 * @param variant what the policy knows of its variant
 * @param steps how long its steps take
 * @param maxSequences sequences in a batch
 * @param maxStepTokens tokens in a step
 * @param kvBlocks blocks of KV memory
 * @param queueLimit requests that may wait beyond the batch; more are turned away
 */
public record EngineProfile(
    String pool,
    VariantFacts variant,
    StepProfile steps,
    int maxSequences,
    int maxStepTokens,
    int kvBlocks,
    int queueLimit) {
  public EngineProfile {
    if (maxSequences < 1 || maxStepTokens < maxSequences || kvBlocks < 1 || queueLimit < 0) {
      throw new IllegalArgumentException(
          "an engine needs sequences, step tokens no fewer than those and blocks, got %d, %d, %d"
              .formatted(maxSequences, maxStepTokens, kvBlocks));
    }
  }
}
