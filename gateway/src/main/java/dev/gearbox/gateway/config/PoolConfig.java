package dev.gearbox.gateway.config;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The engines of some variants on one device, which they share.
 *
 * @param members variants that it runs; empty for those of all models that no other pool has
 * @param threads null for one per core
 */
public record PoolConfig(
    @Setting(value = "Name of the pool", pattern = "[A-Za-z0-9][A-Za-z0-9._-]*") String name,
    @Setting(
            value = "Variants that it runs; none for those of all models that no other pool has",
            key = "variants",
            named = true)
        List<PoolVariant> members,
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
        int maxLoraRank,
    @Setting(
            value =
                "Servers of a remote pool: http://HOST:PORT, https://HOST:PORT, or dns:HOST:PORT"
                    + " for all addresses behind a name, as they come and go",
            pattern = "https?://[^/?#\\s]+(/[^?#\\s]*)?|dns:[^/?#:\\s]+:[0-9]{1,5}")
        List<String> endpoints,
    @Setting(value = "Kind of the servers of a remote pool", byDefault = "openai") Dialect dialect,
    @Setting(value = "What computes behind them", byDefault = "gpu") Hardware hardware,
    @Setting(
            value = "Cost of a thousand tokens",
            key = "cost-per-1k-tokens",
            byDefault = "0",
            min = 0,
            max = 1e6)
        double costPer1kTokens,
    @Setting(
            value = "Where the servers' metrics are, when not where such servers have them",
            optional = true,
            pattern = "(:[0-9]{1,5})?/\\S*")
        @Nullable String metrics,
    @Setting(
            value = "Tokens of prompt and answer together, where the servers do not tell",
            optional = true,
            min = 16,
            max = 1 << 24)
        @Nullable Integer maxContext,
    @Setting(value = "File with the key that the servers want", optional = true)
        @Nullable String apiKeyFile,
    @Setting("How long what may take on them") PatienceConfig patience) {
  public PoolConfig {
    members = List.copyOf(members);
    endpoints = List.copyOf(endpoints);
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
    CPU_SIMD,
    /** OpenAI-compatible servers. */
    REMOTE
  }

  /** Names of its variants. */
  public List<String> variants() {
    return members.stream().map(PoolVariant::name).toList();
  }

  /** Whether its engines are servers elsewhere. */
  public boolean isRemote() {
    return device == Device.REMOTE;
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
    List<PoolVariant> named =
        other.stream()
            .map(name ->
                members.stream()
                    .filter(member -> member.name().equals(name))
                    .findFirst()
                    .orElseGet(() -> PoolVariant.of(name)))
            .toList();
    List<AdapterConfig> kept =
        adapters.stream()
            .filter(each -> each.base() == null || other.contains(each.base()))
            .toList();
    return with(named, kept, cpuOptions());
  }

  PoolConfig withAdapters(List<AdapterConfig> other) {
    return with(members, other, cpuOptions());
  }

  /** Files are named relative to the configuration. */
  PoolConfig beside(Path config) {
    List<PoolVariant> resolved = members.stream().map(member -> member.resolved(config)).toList();
    String key = apiKeyFile == null ? null : config.resolveSibling(apiKeyFile).toString();
    return with(resolved, adapters, cpuOptions(), key);
  }

  PoolConfig with(CpuOptions options) {
    return with(members, adapters, options);
  }

  private PoolConfig with(
      List<PoolVariant> otherVariants, List<AdapterConfig> otherAdapters, CpuOptions options) {
    return with(otherVariants, otherAdapters, options, apiKeyFile);
  }

  private PoolConfig with(
      List<PoolVariant> otherVariants,
      List<AdapterConfig> otherAdapters,
      CpuOptions options,
      @Nullable String keyFile) {
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
        maxLoraRank,
        endpoints,
        dialect,
        hardware,
        costPer1kTokens,
        metrics,
        maxContext,
        keyFile,
        patience);
  }
}
