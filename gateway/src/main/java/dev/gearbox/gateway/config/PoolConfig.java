package dev.gearbox.gateway.config;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.CpuOptions;
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
    @Setting(
            value = "How keys and values are kept: f16, f32 or q8_0",
            byDefault = "f16",
            pattern = "f16|f32|q8_0")
        String kvCacheType,
    @Setting("What a token sees of those before it") AttentionConfig attention,
    @Setting(value = "Sequences in one batch", byDefault = "32", min = 1, max = 1024)
        int maxSequences,
    @Setting(
            value = "Tokens guessed ahead of an answer and checked in one step; 0 guesses none",
            byDefault = "8",
            min = 0,
            max = 64)
        int maxDrafts,
    @Setting(
            value = "A small variant that guesses for those of the pool; none when absent",
            optional = true)
        @Nullable Speculative speculative,
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

  /**
   * A draft model (vLLM's {@code speculative_config}).
   *
   * @param draft variant with the vocabulary of those that it guesses for
   */
  public record Speculative(
      @Setting("Variant that guesses; its vocabulary is that of the pool's variants") String draft,
      @Setting(value = "Tokens that it guesses ahead at most", byDefault = "4", min = 1, max = 64)
          int tokens) {}

  /** What computes. */
  public enum Device {
    /** This machine's processor, with vector instructions. */
    CPU_SIMD
  }

  /** The configured threads, or one per core. */
  public int threadsOrCores() {
    return threads != null ? threads : Runtime.getRuntime().availableProcessors();
  }

  /** How its engines keep keys and values, and what their tokens see. */
  public CpuOptions cpuOptions() {
    return new CpuOptions(KvType.of(kvCacheType), attention.toSpec());
  }

  /** The same with these variants, and the adapters of those that stay. */
  PoolConfig withVariants(List<String> other) {
    List<AdapterConfig> kept =
        adapters.stream()
            .filter(each -> each.base() == null || other.contains(each.base()))
            .toList();
    return with(other, kept, cpuOptions());
  }

  PoolConfig withAdapters(List<AdapterConfig> other) {
    return with(variants, other, cpuOptions());
  }

  PoolConfig with(CpuOptions options) {
    return with(variants, adapters, options);
  }

  private PoolConfig with(
      List<String> otherVariants, List<AdapterConfig> otherAdapters, CpuOptions options) {
    return new PoolConfig(
        name,
        otherVariants,
        device,
        threads,
        kvMemory,
        options.kvCacheType().toString(),
        AttentionConfig.of(options.attention()),
        maxSequences,
        maxDrafts,
        speculative,
        otherAdapters,
        maxLoras,
        maxLoraRank);
  }
}
