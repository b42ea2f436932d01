package dev.gearbox.opencl;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.format.model.UnsupportedModelException;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;
import dev.gearbox.runtime.sample.Likeliest;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A Llama, Qwen2 or Gemma 3 model on an OpenCL device. Weights are copied to it once, in the blocks
 * of their file. Activations are floats, so that a token's logits are nearer to exact arithmetic
 * than where activations are quantized.
 */
public final class OpenClModel implements ModelRunner {
  private static final int MAX_STEP_TOKENS = 512;

  private final OpenClContext context;
  private final ModelShape shape;
  private final KvPrecision precision;
  private final ClQueue queue;
  private final Resources resources;
  private final Arena arena;
  private final DeviceWeights weights;
  private final Activations x;
  private final StepInput input;
  private final LogitRows logits;
  private @Nullable Forward forward;
  private int blocks;

  private OpenClModel(
      OpenClContext context,
      ClQueue queue,
      Resources resources,
      Arena arena,
      ModelShape shape,
      ModelTensors tensors,
      KvPrecision precision) {
    this.context = context;
    this.queue = queue;
    this.resources = resources;
    this.arena = arena;
    this.shape = shape;
    this.precision = precision;
    weights = DeviceWeights.load(tensors, context, queue, resources);
    x = new Activations(shape, MAX_STEP_TOKENS, context, resources);
    GgufTensor factors = tensors.ropeFactors();
    RotaryAngles angles = new RotaryAngles(shape, factors == null ? null : factors.toFloats());
    input = new StepInput(shape, MAX_STEP_TOKENS, angles, context, queue, resources, arena);
    logits =
        new LogitRows(
            context,
            queue,
            shape,
            weights,
            Forward.program(context, shape, precision),
            x.normed,
            MAX_STEP_TOKENS,
            resources,
            arena);
  }

  /**
   * Checks a file against what its architecture needs, then copies its weights; the file may be
   * closed afterwards.
   *
   * @param context of the device, shared by all its models; not closed with the model
   * @throws GgufException when metadata or tensors are missing or contradict each other
   * @throws UnsupportedModelException when the model is of a kind that is not computed here
   * @throws IllegalArgumentException when it does not fit into the device's memory
   */
  public static ModelRunner load(GgufFile file, OpenClContext context, KvPrecision precision) {
    return load(file, context, precision, context.queue());
  }

  @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the model
  static ModelRunner load(
      GgufFile file, OpenClContext context, KvPrecision precision, ClQueue queue) {
    Resources resources = new Resources();
    Arena arena = Arena.ofShared();
    resources.add(arena);
    resources.add(queue);
    try {
      ModelShape shape = ModelShape.of(file);
      ModelTensors tensors = ModelTensors.of(file, shape);
      long bytes =
          DeviceWeights.bytes(tensors)
              + Activations.bytes(shape, MAX_STEP_TOKENS)
              + LogitRows.bytes(shape, MAX_STEP_TOKENS)
              + StepInput.tableBytes(shape, MAX_STEP_TOKENS);
      context.require("the weights and hidden states of " + file.path().getFileName(), bytes);
      return new OpenClModel(context, queue, resources, arena, shape, tensors, precision);
    } catch (RuntimeException | Error e) {
      resources.close();
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
    return DeviceKv.bytesPerBlock(shape, precision);
  }

  @Override
  public int maxStepTokens() {
    return MAX_STEP_TOKENS;
  }

  @Override
  public int exactStepTokens() {
    return Projection.SINGLES;
  }

  @Override
  public void allocateBlocks(int count) {
    if (forward != null) {
      throw new IllegalStateException("the blocks are allocated");
    }
    if (count < 1) {
      throw new IllegalArgumentException("blocks must be at least 1, was " + count);
    }
    DeviceKv kv = new DeviceKv(shape, precision, count, context, resources);
    forward =
        new Forward(context, queue, shape, weights, precision, kv, input, x, resources, arena);
    blocks = count;
  }

  @Override
  public int maxLikeliest() {
    return LogitRows.MOST_LIKELIEST;
  }

  @Override
  public void step(StepBatch batch, float[] out) {
    forward(batch, out.length);
    if (batch.logitRows() > 0) {
      logits.read(batch.logitRows(), out);
    } else {
      queue.finish();
    }
  }

  @Override
  public void step(StepBatch batch, Likeliest out) {
    if (out.width() < 1 || out.width() > LogitRows.MOST_LIKELIEST) {
      throw new IllegalArgumentException(
          "1 to %d likeliest tokens, got %d".formatted(LogitRows.MOST_LIKELIEST, out.width()));
    }
    forward(batch, Integer.MAX_VALUE);
    if (batch.logitRows() > 0) {
      logits.read(batch.logitRows(), out);
    } else {
      queue.finish();
    }
  }

  /** Checks a batch and gives the commands of all that comes before its logits. */
  private void forward(StepBatch batch, int room) {
    if (forward == null) {
      throw new IllegalStateException("allocateBlocks comes before the first step");
    }
    batch.check(MAX_STEP_TOKENS, shape.vocabulary(), shape.maxContext(), blocks, room);
    for (int s = 0; s < batch.sequences(); s++) {
      if (batch.adapter(s) != null) {
        throw new IllegalArgumentException("the adapter was made for another model");
      }
    }
    if (batch.size() > 0) {
      input.send(batch);
      forward.run();
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
