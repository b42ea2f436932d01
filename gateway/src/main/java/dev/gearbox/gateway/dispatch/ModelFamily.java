package dev.gearbox.gateway.dispatch;

import java.util.List;

/**
 * What a client may name in {@code model}: a family of variants that may answer for each other, or
 * one variant alone.
 *
 * @param name as clients write it
 * @param variants that may answer, at least one
 */
public record ModelFamily(String name, List<String> variants) {
  public ModelFamily {
    variants = List.copyOf(variants);
    if (variants.isEmpty()) {
      throw new IllegalArgumentException("model " + name + " has no variants");
    }
  }
}
