package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.AdapterFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** An adapter beside the weights. */
final class LoraOption {
  @Option(
      names = "--lora",
      paramLabel = "FILE[:SCALE]",
      description =
          "A LoRA adapter in GGUF, applied beside the weights; SCALE weakens or swells it.")
  private @Nullable String lora;

  /** The file; null when none is asked for. */
  @Nullable AdapterFile file() {
    return lora == null ? null : AdapterFile.parse(lora);
  }
}
