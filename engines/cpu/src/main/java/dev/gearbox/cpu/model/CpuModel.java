package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import java.lang.foreign.Arena;
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
  private final StepState step;
  private @Nullable KvCache cache;
  private @Nullable Forward forward;

  private CpuModel(
      Kernels kernels, ModelShape shape, ModelWeights weights, CpuWorkers workers, Arena arena) {
    this.kernels = kernels;
    this.shape = shape;
    this.weights = weights;
    this.workers = workers;
    this.arena = arena;
    step = new StepState(shape, MAX_STEP_TOKENS);
  }

  /**
   * Checks a file against what its architecture needs, then copies its weights; the file may be
   * closed afterwards.
   *
   * @param workers of the device, shared by all its models; not closed with the model
   * @throws GgufException when metadata or tensors are missing or contradict each other
   * @throws UnsupportedModelException when the model is of a kind that is not computed here
   */
  public static ModelRunner load(GgufFile file, CpuWorkers workers) {
    return load(file, workers, Kernels.best());
  }

  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the model
  static ModelRunner load(GgufFile file, CpuWorkers workers, Kernels kernels) {
    ModelShape shape = ModelShape.of(file);
    Arena arena = Arena.ofShared();
    // A team of its own: the device's workers may be in the middle of another model's step.
    try (CpuWorkers packers = new CpuWorkers(workers.threads())) {
      ModelWeights weights = ModelWeights.load(file, shape, kernels, arena, packers);
      return new CpuModel(kernels, shape, weights, workers, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
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
    return KvCache.bytesPerBlock(shape);
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
    cache = new KvCache(shape, blocks, arena);
    forward =
        new Forward(
            kernels, shape, weights, cache, step, MAX_STEP_TOKENS, workers.threads(), arena);
  }

  @Override
  public void step(StepBatch batch, float[] logits) {
    if (cache == null || forward == null) {
      throw new IllegalStateException("allocateBlocks comes before the first step");
    }
    if (batch.size() == 0) {
      return;
    }
    step.begin(batch, cache.blocks(), logits.length);
    workers.run(forward.plan(logits));
  }

  @Override
  public void close() {
    arena.close();
  }
}
