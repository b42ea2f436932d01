package dev.gearbox.gateway.dispatch;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a variant before its weights are read.
 *
 * @param name as in the catalog
 * @param techniques what made it; empty means full precision
 * @param quality against the model's reference; null when it was never measured
 * @param bytes size of its weights
 */
public record VariantInfo(
    String name, Set<String> techniques, @Nullable Double quality, long bytes) {
  public VariantInfo {
    techniques = Set.copyOf(techniques);
  }
}
