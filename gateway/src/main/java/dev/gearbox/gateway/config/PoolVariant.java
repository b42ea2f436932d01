package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A variant of a pool: its name alone where the catalog has it, or what there is to know of one
 * that only servers hold.
 */
public record PoolVariant(
    @Setting(value = "Name of the variant", pattern = "[A-Za-z0-9][A-Za-z0-9._:/-]*") String name,
    @Setting(value = "Name that the servers have for it, when it is another", optional = true)
        @Nullable String servedAs,
    @Setting(
            value = "Whose tokenizer it has: a variant of the catalog, or file:PATH of a GGUF file",
            optional = true)
        @Nullable String tokenizer,
    @Setting(
            value = "Quality against the model's reference; unknown satisfies no floor",
            optional = true,
            min = 0,
            max = 2)
        @Nullable Double quality,
    @Setting("What made it: quantized, pruned, distilled, adapter") List<String> techniques,
    @Setting(
            value = "Size of its weights, for a first guess of its speed",
            optional = true,
            min = 1024)
        @Nullable DataSize size) {
  public PoolVariant {
    techniques = List.copyOf(techniques);
  }

  /** A variant of the catalog. */
  static PoolVariant of(String name) {
    return new PoolVariant(name, null, null, null, List.of(), null);
  }

  /** Whether more than its name is written, which only a remote pool may have. */
  boolean isDescribed() {
    return servedAs != null
        || tokenizer != null
        || quality != null
        || !techniques.isEmpty()
        || size != null;
  }

  /** Files are named relative to the configuration. */
  PoolVariant resolved(Beside config) {
    String url = tokenizer == null ? null : config.url(tokenizer);
    return new PoolVariant(name, servedAs, url, quality, techniques, size);
  }

  /** Name that its servers have for it. */
  public String remoteName() {
    return servedAs == null ? name : servedAs;
  }
}
