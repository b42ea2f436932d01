package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.util.List;

/**
 * A family of variants that may answer for each other.
 *
 * @param name that clients ask for
 * @param reference the variant whose quality is 1.0
 * @param variants that may answer, at least one
 */
public record ModelConfig(
    @Setting(value = "Name that clients ask for", pattern = "[A-Za-z0-9][A-Za-z0-9._:/-]*")
        String name,
    @Setting("Variant whose quality is 1.0") String reference,
    @Setting("Variants that may answer for it; fetched in the order of their size")
        List<String> variants) {
  public ModelConfig {
    variants = List.copyOf(variants);
  }
}
