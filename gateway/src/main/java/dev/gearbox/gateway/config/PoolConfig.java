package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The engines of some variants on one device, which they share.
 *
 * @param variants that it runs; empty for those of all models that no other pool has
 * @param threads null for one per core
 */
public record PoolConfig(
    @Setting(value = "Name of the pool", pattern = "[A-Za-z0-9][A-Za-z0-9._-]*") String name,
    @Setting("Variants that it runs; none for those of all models that no other pool has")
        List<String> variants,
    @Setting(value = "What computes", byDefault = "cpu-simd") Device device,
    @Setting(
            value = "Worker threads; one per core when absent",
            optional = true,
            min = 1,
            max = 1024)
        @Nullable Integer threads,
    @Setting(
            value = "Memory for keys and values of all its engines together",
            byDefault = "1GB",
            min = 16 * 1024 * 1024)
        DataSize kvMemory,
    @Setting(value = "Sequences in one batch", byDefault = "32", min = 1, max = 1024)
        int maxSequences,
    @Setting(
            value = "Tokens guessed ahead of an answer and checked in one step; 0 guesses none",
            byDefault = "8",
            min = 0,
            max = 64)
        int maxDrafts,
    @Setting("LoRA adapters of its variants") List<AdapterConfig> adapters,
    @Setting(
            value = "Adapters that each of its engines serves at a time",
            byDefault = "8",
            min = 0,
            max = 1024)
        int maxLoras,
    @Setting(value = "Largest rank of an adapter", byDefault = "64", min = 1, max = 4096)
        int maxLoraRank) {
  public PoolConfig {
    variants = List.copyOf(variants);
    adapters = List.copyOf(adapters);
  }

  /** What computes. */
  public enum Device {
    /** This machine's processor, with vector instructions. */
    CPU_SIMD
  }

  /** The configured threads, or one per core. */
  public int threadsOrCores() {
    return threads != null ? threads : Runtime.getRuntime().availableProcessors();
  }

  /** The same with these variants, and the adapters of those that stay. */
  PoolConfig withVariants(List<String> other) {
    List<AdapterConfig> kept =
        adapters.stream()
            .filter(each -> each.base() == null || other.contains(each.base()))
            .toList();
    return with(other, kept);
  }

  PoolConfig withAdapters(List<AdapterConfig> other) {
    return with(variants, other);
  }

  private PoolConfig with(List<String> otherVariants, List<AdapterConfig> otherAdapters) {
    return new PoolConfig(
        name,
        otherVariants,
        device,
        threads,
        kvMemory,
        maxSequences,
        maxDrafts,
        otherAdapters,
        maxLoras,
        maxLoraRank);
  }
}
