package dev.gearbox.cpu.model;

import com.sun.management.OperatingSystemMXBean;
import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.UnsupportedModelException;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Llama, Qwen2 or Gemma 3 model on CPU workers. Weights are repacked for the vector width of this
 * CPU when the model is loaded and live outside the heap until it is closed.
 */
public final class CpuModel implements ModelRunner {
  private static final int MAX_STEP_TOKENS = 512;

  // Larger steps multiply to the same bits too; whether drafts pay in them is not measured.
  private static final int EXACT_STEP_TOKENS = 5;

  private final Kernels kernels;
  private final ModelShape shape;
  private final ModelWeights weights;
  private final CpuWorkers workers;
  private final Arena arena;
  private final CpuOptions options;
  private final @Nullable Probe probe;
  private final StepState step;
  private @Nullable KvCache cache;
  private @Nullable Forward forward;

  private CpuModel(
      Kernels kernels,
      ModelShape shape,
      ModelWeights weights,
      CpuOptions options,
      @Nullable Probe probe,
      CpuWorkers workers,
      Arena arena) {
    this.probe = probe;
    this.kernels = kernels;
    this.shape = shape;
    this.weights = weights;
    this.options = options;
    this.workers = workers;
    this.arena = arena;
    step =
        new StepState(
            shape, MAX_STEP_TOKENS, options.attention() instanceof AttentionSpec.TopBlocks);
  }

  /**
   * Checks a file against what its architecture needs, then copies its weights; the file may be
   * closed afterwards.
   *
   * @param workers of the device, shared by all its models; not closed with the model
   * @throws GgufException when metadata or tensors are missing or contradict each other
   * @throws UnsupportedModelException when the model is of a kind that is not computed here
   */
  public static ModelRunner load(GgufFile file, CpuWorkers workers, CpuOptions options) {
    return load(file, workers, options, Kernels.best());
  }

  /** The same, with somebody who looks at what flows through it. */
  public static ModelRunner load(
      GgufFile file, CpuWorkers workers, CpuOptions options, Probe probe) {
    return load(file, workers, options, Kernels.best(), probe);
  }

  /** The same by {@link CpuOptions#DEFAULT}. */
  public static ModelRunner load(GgufFile file, CpuWorkers workers) {
    return load(file, workers, CpuOptions.DEFAULT);
  }

  static ModelRunner load(GgufFile file, CpuWorkers workers, CpuOptions options, Kernels kernels) {
    return load(file, workers, options, kernels, null);
  }

  private static ModelRunner load(
      GgufFile file,
      CpuWorkers workers,
      CpuOptions options,
      Kernels kernels,
      @Nullable Probe probe) {
    return open(file, workers, options, kernels, probe, ModelWeights::load);
  }

  /** A model that holds no weights but those of the layer at hand; see {@link LayerWalk}. */
  static CpuModel reserve(GgufFile file, CpuWorkers workers, Probe probe) {
    Kernels kernels = Kernels.best();
    return open(file, workers, CpuOptions.DEFAULT, kernels, probe, ModelWeights::reserve);
  }

  /** How weights come out of a file. */
  private interface Loading {
    ModelWeights load(
        GgufFile file, ModelShape shape, Kernels kernels, Arena arena, CpuWorkers workers);
  }

  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the model
  private static CpuModel open(
      GgufFile file,
      CpuWorkers workers,
      CpuOptions options,
      Kernels kernels,
      @Nullable Probe probe,
      Loading loading) {
    ModelShape shape = ModelShape.of(file);
    Arena arena = Arena.ofShared();
    try {
      ModelWeights weights = loading.load(file, shape, kernels, arena, workers);
      return new CpuModel(kernels, shape, weights, options, probe, workers, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Bytes of memory that this machine has, or that its container may use. */
  public static long machineMemory() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  @Override
  public int vocabulary() {
    return shape.vocabulary();
  }

  @Override
  public int maxContext() {
    return shape.maxContext();
  }

  @Override
  public long bytesPerBlock() {
    return KvCache.bytesPerBlock(shape, options);
  }

  @Override
  public int maxStepTokens() {
    return MAX_STEP_TOKENS;
  }

  @Override
  public int exactStepTokens() {
    return EXACT_STEP_TOKENS;
  }

  @Override
  public ModelAdapter adapter(LoraAdapter file, float factor) {
    return LoraWeights.of(file, shape, !weights.tied(), kernels.lanes(), factor);
  }

  @Override
  public void allocateBlocks(int blocks) {
    if (cache != null) {
      throw new IllegalStateException("the blocks are allocated");
    }
    if (blocks < 1) {
      throw new IllegalArgumentException("blocks must be at least 1, was " + blocks);
    }
    long bytes = blocks * bytesPerBlock();
    long fits = machineMemory() / bytesPerBlock();
    if (blocks > fits) {
      throw new IllegalArgumentException(
          "%d blocks of keys and values take %d MB, and this machine or container has %d MB: at most %d fit"
              .formatted(blocks, bytes >> 20, machineMemory() >> 20, fits));
    }
    cache = new KvCache(shape, options, blocks, arena);
    forward =
        new Forward(
            kernels,
            shape,
            weights,
            options,
            probe,
            cache,
            step,
            MAX_STEP_TOKENS,
            workers.threads(),
            arena);
  }

  @Override
  public void step(StepBatch batch, float[] logits) {
    Forward plan = begin(batch, logits.length);
    if (batch.size() > 0) {
      workers.run(plan.plan(batch, logits));
    }
  }

  /** Makes a reserved model hold its embeddings, and nothing else. */
  void holdEmbedding() {
    weights.only(List.of(weights.embedding()));
  }

  /** Makes a reserved model hold one layer, and nothing else. */
  void holdLayer(int layer) {
    weights.only(weights.layers().get(layer).matrices());
  }

  /** Writes the embeddings of a batch's tokens; see {@link LayerWalk}. */
  void embed(StepBatch batch, float[] stream) {
    begin(batch, Integer.MAX_VALUE).embed(stream, workers);
  }

  /** Takes the stream of a batch through one layer; see {@link LayerWalk}. */
  void layer(int layer, StepBatch batch, float[] stream) {
    begin(batch, Integer.MAX_VALUE).layer(layer, stream, workers);
  }

  private Forward begin(StepBatch batch, int logits) {
    if (cache == null || forward == null) {
      throw new IllegalStateException("allocateBlocks comes before the first step");
    }
    step.begin(batch, cache.blocks(), logits);
    return forward;
  }

  @Override
  public void close() {
    arena.close();
  }
}
