package dev.gearbox.gateway.config;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.remote.dialect.Dialect;
import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import java.util.Optional;
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
                "Servers of a remote pool: http://HOST:PORT or https://HOST:PORT; or all that are behind a name as they come and go, dns:HOST:PORT or kube:NAMESPACE/LABELS",
            pattern =
                "https?://[^/?#\\s]+(/[^?#\\s]*)?|dns:[^/?#:\\s]+:[0-9]{1,5}|kube:[a-z0-9-]+/[^?#\\s]+")
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
            value =
                "Watts that a device of this machine draws while it computes, where the machine does"
                    + " not count energy; 4 a thread of cpu-simd when absent",
            optional = true,
            min = 0.1,
            max = 100_000)
        @Nullable Double watts,
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
    @Setting(value = "TLS to https endpoints; what Java does when absent", optional = true)
        @Nullable EngineTlsConfig tls,
    @Setting("How long what may take on them") PatienceConfig patience,
    @Setting(
            value =
                "OpenCL device of gpu-opencl: its index or part of its name; a GPU with the most"
                    + " compute units when absent",
            optional = true)
        @Nullable String openclDevice) {
  /** Servers of 32 to 96 cores draw 200 to 400 W when all compute. */
  private static final double WATTS_PER_THREAD = 4;

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
    /** A GPU of this machine, or another device with an OpenCL driver. */
    GPU_OPENCL,
    /** OpenAI-compatible servers. */
    REMOTE;

    /** Why it does not compute like this; empty where it does. */
    public Optional<String> refusal(CpuOptions options) {
      if (this != GPU_OPENCL) {
        return Optional.empty();
      }
      if (!(options.attention() instanceof AttentionSpec.Full)) {
        return Optional.of(
            "gpu-opencl sees everything: attention must be full, got " + options.attention());
      }
      return options.kvCacheType() == KvType.Q8_0
          ? Optional.of("gpu-opencl keeps keys and values as f16 or f32, got q8_0")
          : Optional.empty();
    }
  }

  /** Names of its variants. */
  public List<String> variants() {
    return members.stream().map(PoolVariant::name).toList();
  }

  /** Whether its engines are servers elsewhere. */
  public boolean isRemote() {
    return device == Device.REMOTE;
  }

  /** Id of the device that its engines share with those of other pools. */
  public String deviceId() {
    return switch (device) {
      case CPU_SIMD -> "cpu-simd";
      case GPU_OPENCL -> openclDevice == null ? "gpu-opencl" : "gpu-opencl-" + openclDevice;
      case REMOTE -> name;
    };
  }

  /** Watts that its device draws while it computes; NaN where nobody knows. */
  public double wattsOrModel() {
    if (watts != null) {
      return watts;
    }
    return device == Device.CPU_SIMD ? WATTS_PER_THREAD * threadsOrCores() : Double.NaN;
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
  PoolConfig resolved(Beside config) {
    List<PoolVariant> resolved = members.stream().map(member -> member.resolved(config)).toList();
    List<AdapterConfig> named = adapters.stream().map(each -> each.resolved(config)).toList();
    String key = config.pathOrNull(apiKeyFile);
    EngineTlsConfig secure = tls == null ? null : tls.resolved(config);
    return with(device, openclDevice, resolved, named, cpuOptions(), key, secure);
  }

  PoolConfig with(CpuOptions options) {
    return with(members, adapters, options);
  }

  /** The same on another device. */
  PoolConfig on(Device other, @Nullable String otherOpenclDevice) {
    return with(other, otherOpenclDevice, members, adapters, cpuOptions(), apiKeyFile, tls);
  }

  private PoolConfig with(
      List<PoolVariant> otherVariants, List<AdapterConfig> otherAdapters, CpuOptions options) {
    return with(device, openclDevice, otherVariants, otherAdapters, options, apiKeyFile, tls);
  }

  private PoolConfig with(
      Device otherDevice,
      @Nullable String otherOpenclDevice,
      List<PoolVariant> otherVariants,
      List<AdapterConfig> otherAdapters,
      CpuOptions options,
      @Nullable String keyFile,
      @Nullable EngineTlsConfig otherTls) {
    return new PoolConfig(
        name,
        otherVariants,
        otherDevice,
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
        watts,
        metrics,
        maxContext,
        keyFile,
        otherTls,
        patience,
        otherOpenclDevice);
  }
}
