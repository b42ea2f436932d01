package dev.gearbox.gateway.dispatch;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a variant before its weights are read.
 *
 * @param name as in the catalog
 * @param techniques what made it; empty means full precision
 * @param quality against the model's reference; null when it was never measured
 * @param bytes size of the weights that a step reads
 * @param parent the variant that an adapter adds to; null for any other
 * @param costPer1kTokens what a thousand tokens cost where it runs
 * @param speed how many times as fast as a processor its device reads weights, as a first guess
 */
public record VariantInfo(
    String name,
    Set<String> techniques,
    @Nullable Double quality,
    long bytes,
    @Nullable String parent,
    double costPer1kTokens,
    int speed) {
  public VariantInfo {
    techniques = Set.copyOf(techniques);
  }

  /** A variant with weights of its own, on this machine. */
  public VariantInfo(String name, Set<String> techniques, @Nullable Double quality, long bytes) {
    this(name, techniques, quality, bytes, null, 0, 1);
  }

  /** An adapter on a variant of this machine. */
  static VariantInfo adapter(
      String name, Set<String> techniques, @Nullable Double quality, VariantInfo parent) {
    return new VariantInfo(name, techniques, quality, parent.bytes, parent.name, 0, 1);
  }
}
