package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.cpu.model.CpuOptions;
import picocli.CommandLine.Option;

/** How an engine on this machine's processor keeps keys and values, and what its tokens see. */
final class CpuOption {
  @Option(
      names = "--kv-cache-type",
      paramLabel = "TYPE",
      defaultValue = "f16",
      description = "How keys and values are kept: f16 (default), f32 or q8_0.")
  private String kvCacheType = "f16";

  @Option(
      names = "--attention",
      paramLabel = "SPEC",
      defaultValue = "full",
      description = {
        "What a token sees of those before it: full (default);",
        "window:1024,sinks:4 the last and the first so many tokens;",
        "top-blocks:64 the blocks of 16 tokens whose keys fit best, with the first and the last.",
        "All but full change answers; eval measures by how much."
      })
  private String attention = "full";

  CpuOptions options() {
    return new CpuOptions(
        read("--kv-cache-type", kvCacheType, KvType::of),
        read("--attention", attention, AttentionSpec::parse));
  }

  private static <T> T read(String name, String text, java.util.function.Function<String, T> as) {
    try {
      return as.apply(text);
    } catch (IllegalArgumentException e) {
      throw new WrongUsageException(name + ": " + e.getMessage());
    }
  }
}
