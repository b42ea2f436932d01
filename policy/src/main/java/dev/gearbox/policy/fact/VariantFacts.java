package dev.gearbox.policy.fact;

import dev.gearbox.engine.EngineCapabilities.Feature;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a variant before any request comes.
 *
 * @param name as in the catalog
 * @param techniques what made it, such as {@code quantized}; empty means full precision
 * @param quality bits per byte of the model's reference over this variant's, 0 to 1 or a little
 *     above; null when it was never measured, which satisfies no floor
 * @param maxContext tokens of prompt and answer together
 * @param features what requests may ask of it
 * @param parameterBytes bytes that a decode step reads, for the latency prior
 * @param costPer1kTokens price of a thousand tokens, 0 for local engines
 */
public record VariantFacts(
    String name,
    Set<String> techniques,
    @Nullable Double quality,
    int maxContext,
    Set<Feature> features,
    long parameterBytes,
    double costPer1kTokens) {
  public VariantFacts {
    techniques = Set.copyOf(techniques);
    features = Set.copyOf(features);
  }
}
