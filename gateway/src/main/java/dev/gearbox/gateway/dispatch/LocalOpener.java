package dev.gearbox.gateway.dispatch;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.engine.Engine;
import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufMetadata;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.DraftSpec;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.signal.SignalStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Opens engines on one device of this machine, shared by every pool on it. */
public final class LocalOpener implements EngineOpener {
  private static final System.Logger LOG = System.getLogger(LocalOpener.class.getName());
  private static final int MAX_STEP_TOKENS = 512;
  private static final int QUEUED_PER_SEQUENCE = 4;

  /**
   * What the engines of a pool get.
   *
   * @param kvBytes memory for keys and values of each engine
   * @param maxSequences sequences in one batch
   * @param maxDrafts tokens guessed ahead for a sequence by looking them up
   * @param options how they keep keys and values, and what their tokens see
   * @param draft a small variant that guesses; null for none
   * @param maxLoras adapters of each engine
   * @param maxLoraRank largest rank of an adapter
   */
  public record Share(
      long kvBytes,
      int maxSequences,
      int maxDrafts,
      CpuOptions options,
      @Nullable Draft draft,
      int maxLoras,
      int maxLoraRank) {}

  /**
   * Who guesses for the engines of a pool.
   *
   * @param variant with the vocabulary of theirs
   * @param tokens guessed ahead at most
   */
  public record Draft(String variant, int tokens) {}

  /** Finds the weights of a variant for an engine, fetching them where they are not here. */
  @FunctionalInterface
  public interface Weights {
    Path fetch(String variant, String engine, EngineRegistry registry)
        throws IOException, InterruptedException;
  }

  private final String id;
  private final Silicon silicon;
  private final Device device;
  private final Map<String, Share> shares;
  private final Weights weights;
  private final SignalStore signals;
  private final LongSupplier clock;

  /**
   * Starts the device's thread.
   *
   * @param id of the device, as in its signals
   * @param silicon closed with this
   * @param shares by pool
   */
  public LocalOpener(
      String id,
      Silicon silicon,
      Map<String, Share> shares,
      Weights weights,
      SignalStore signals,
      LongSupplier clock) {
    this.id = id;
    this.silicon = silicon;
    this.device = new Device(id, clock, signals);
    this.shares = Map.copyOf(shares);
    this.weights = weights;
    this.signals = signals;
    this.clock = clock;
    signals.addDevice(id, device::signal);
  }

  @Override
  public Opened open(EngineSlot slot, EngineRegistry registry)
      throws IOException, InterruptedException {
    Share share = shares.get(slot.pool());
    if (share == null) {
      throw new IllegalArgumentException("no pool " + slot.pool());
    }
    Phases phases = new Phases(clock);
    Path path = weights.fetch(slot.variant().name(), slot.id(), registry);
    phases.end("fetch");
    try (GgufFile file = GgufFile.open(path)) {
      PromptCodec codec = PromptCodec.of(file);
      phases.end("tokenizer");
      DraftSpec draft = draft(share, file, slot.id(), registry);
      ModelRunner runner = load(file, share, draft);
      phases.end("weights");
      LOG.log(System.Logger.Level.INFO, "event=engine_loaded engine=" + slot.id() + phases);
      EngineSpec spec = spec(slot, share, runner, draft, features(codec));
      requireRoom(spec, runner, draft);
      Engine engine = device.open(spec, runner, draft, PromptEncoder.of(codec));
      return new Opened(engine, encoderId(file.metadata()));
    }
  }

  private ModelRunner load(GgufFile file, Share share, @Nullable DraftSpec draft) {
    try {
      return silicon.load(file, share.options());
    } catch (RuntimeException | Error e) {
      if (draft != null) {
        draft.runner().close();
      }
      throw e;
    }
  }

  private void requireRoom(EngineSpec spec, ModelRunner runner, @Nullable DraftSpec draft) {
    try {
      long bytes = spec.kvBlocks() * DraftSpec.bytesPerBlock(runner, draft);
      silicon.require("keys and values of " + spec.engine() + " (kv-memory)", bytes);
    } catch (RuntimeException e) {
      runner.close();
      if (draft != null) {
        draft.runner().close();
      }
      throw e;
    }
  }

  private @Nullable DraftSpec draft(
      Share share, GgufFile target, String engine, EngineRegistry registry)
      throws IOException, InterruptedException {
    Draft draft = share.draft();
    if (draft == null) {
      return null;
    }
    try (GgufFile file = GgufFile.open(weights.fetch(draft.variant(), engine, registry))) {
      return silicon.loadDraft(draft.variant(), file, target, draft.tokens());
    }
  }

  /** What changes answers: variant, build and whatever is not as it is by default. */
  private String fingerprint(EngineSlot slot, CpuOptions options) {
    String version = LocalOpener.class.getPackage().getImplementationVersion();
    StringBuilder print = new StringBuilder(slot.variant().name());
    print.append('@').append(version == null ? "dev" : version);
    if (silicon instanceof OpenClSilicon) {
      print.append("+opencl");
    }
    if (options.kvCacheType() != CpuOptions.DEFAULT.kvCacheType()) {
      print.append("+kv:").append(options.kvCacheType());
    }
    if (!options.attention().equals(CpuOptions.DEFAULT.attention())) {
      print.append('+').append(options.attention());
    }
    return print.toString();
  }

  private EngineSpec spec(
      EngineSlot slot,
      Share share,
      ModelRunner runner,
      @Nullable DraftSpec draft,
      Set<Feature> features) {
    long blocks = Math.max(1, share.kvBytes() / DraftSpec.bytesPerBlock(runner, draft));
    return new EngineSpec(
        slot.id(),
        slot.pool(),
        slot.variant().name(),
        fingerprint(slot, share.options()),
        features,
        share.maxSequences(),
        runner.maxContext(),
        (int) Math.min(blocks, Integer.MAX_VALUE / ModelRunner.BLOCK_TOKENS),
        Math.max(MAX_STEP_TOKENS, share.maxSequences()),
        share.maxSequences() * QUEUED_PER_SEQUENCE,
        share.maxDrafts(),
        share.maxLoras(),
        share.maxLoraRank());
  }

  private static Set<Feature> features(PromptCodec codec) {
    Set<Feature> features = EnumSet.of(Feature.LOGPROBS, Feature.LOGIT_BIAS);
    if (codec.chats()) {
      features.add(Feature.CHAT);
    }
    return features;
  }

  /** Equal for files whose tokenizer and template are the same, byte for byte. */
  static String encoderId(GgufMetadata metadata) {
    MessageDigest digest = sha256();
    for (String key : metadata.keys()) {
      if (key.startsWith("tokenizer.")) {
        digest.update(key.getBytes(StandardCharsets.UTF_8));
        digest.update(metadata.raw(key).bytes().asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void close() {
    signals.removeDevice(id);
    device.close();
    silicon.close();
  }
}
