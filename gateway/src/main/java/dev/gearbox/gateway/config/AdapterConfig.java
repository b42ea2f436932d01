package dev.gearbox.gateway.config;

import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.settings.Setting;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter: a variant made of another one of its pool.
 *
 * @param base null for the only variant of the pool
 * @param weights {@code file:PATH}, relative to the configuration
 */
public record AdapterConfig(
    @Setting(value = "Name that clients ask for", pattern = EngineNames.VARIANT) String name,
    @Setting(value = "Variant that it adds to; the pool's only one when absent", optional = true)
        @Nullable String base,
    @Setting(value = "The adapter in GGUF, as file:PATH", pattern = "file:.+") String weights,
    @Setting(
            value = "Factor on the scale that the file gives",
            byDefault = "1",
            min = -1000,
            max = 1000)
        double scale) {

  /** The file, with its strength. */
  public AdapterFile file() {
    return new AdapterFile(Path.of(weights.substring("file:".length())), (float) scale);
  }

  /** The variant that it adds to, in a pool that runs {@code variants}. */
  public String baseAmong(java.util.List<String> variants) {
    return base != null ? base : variants.getFirst();
  }

  AdapterConfig resolved(Beside config) {
    return new AdapterConfig(name, base, config.url(weights), scale);
  }
}
