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
 */
public record VariantInfo(
    String name,
    Set<String> techniques,
    @Nullable Double quality,
    long bytes,
    @Nullable String parent) {
  public VariantInfo {
    techniques = Set.copyOf(techniques);
  }

  /** A variant with weights of its own. */
  public VariantInfo(String name, Set<String> techniques, @Nullable Double quality, long bytes) {
    this(name, techniques, quality, bytes, null);
  }
}
