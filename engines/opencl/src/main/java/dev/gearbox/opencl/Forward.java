package dev.gearbox.opencl;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.model.Architecture;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.opencl.DeviceWeights.Layer;
import dev.gearbox.runtime.ModelRunner;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The plan of a step, stage by stage as the paper has it. Behind the last layer's keys only the
 * tokens that ask for logits go on.
 *
 * <pre>
 *   embed
 *   layer:  x ← norm(h)         q, k, v ← x·W        norm, turn, keep k and v      attention
 *           h ← h + [norm] (attended·W)              x ← norm(h)
 *           gate, up ← x·W      act(gate)·up         h ← h + [norm] (…·W)
 *   x ← norm(h)
 * </pre>
 *
 * A layer's last addition is made by the norm that comes next.
 */
final class Forward {
  /** Where {@code turn} takes the place of its angles. */
  private static final int ANGLES_AT = 8;

  private final OpenClContext context;
  private final ClQueue queue;
  private final ModelShape shape;
  private final DeviceWeights weights;
  private final DeviceKv kv;
  private final StepInput input;
  private final Activations x;
  private final Resources resources;
  private final Arena arena;
  private final long program;
  private final List<Stage> ofAll = new ArrayList<>();
  private final List<Stage> ofAsked = new ArrayList<>();

  Forward(
      OpenClContext context,
      ClQueue queue,
      ModelShape shape,
      DeviceWeights weights,
      KvPrecision precision,
      DeviceKv kv,
      StepInput input,
      Activations x,
      Resources resources,
      Arena arena) {
    this.context = context;
    this.queue = queue;
    this.shape = shape;
    this.weights = weights;
    this.kv = kv;
    this.input = input;
    this.x = x;
    this.resources = resources;
    this.arena = arena;
    program = program(context, shape, precision);
    embed();
    int last = shape.layers() - 1;
    for (int layer = 0; layer <= last; layer++) {
      untilKept(layer);
      if (layer < last) {
        afterKept(ofAll, layer, x.hidden, x.query, input.tokens());
      }
    }
    ofAsked.add(gather(x.hidden, x.askedHidden, shape.size()));
    ofAsked.add(gather(x.query, x.askedQuery, shape.querySize()));
    ofAsked.add(gather(input.tokens(), x.askedTokens, 4));
    afterKept(ofAsked, last, x.askedHidden, x.askedQuery, x.askedTokens);
    @Nullable ClBuffer after = weights.layers().getLast().afterInnerNorm();
    addNorm(ofAsked, x.askedHidden, true, after, weights.outputNorm());
  }

  /** The program of what is between the matrices. */
  static long program(OpenClContext context, ModelShape shape, KvPrecision precision) {
    Tiling tiling = context.tiling();
    boolean gemma = shape.architecture() == Architecture.GEMMA3;
    String macros =
        "-D HEAD=%d -D HEADS=%d -D KV_HEADS=%d -D PAIRS=%d -D HALVES=%d -D NORMED=%d -D GELU=%d -D SLOTS=%d -D LANES=%d -D WIDE=%d %s"
            .formatted(
                shape.headSize(),
                shape.heads(),
                shape.kvHeads(),
                shape.ropeSize() / 2,
                shape.architecture().rotatesHalves() ? 1 : 0,
                gemma ? 1 : 0,
                gemma ? 1 : 0,
                ModelRunner.BLOCK_TOKENS,
                tiling.attentionLanes(),
                tiling.wide(),
                precision.macro());
    return context.programs().program(macros, "transformer.cl");
  }

  /**
   * Gives the commands of a step; the rows that ask stand normed in {@code x.normed} at its end.
   */
  void run() {
    for (Stage stage : ofAll) {
      stage.run(input.size());
    }
    if (input.askedRows() > 0) {
      for (Stage stage : ofAsked) {
        stage.run(input.askedRows());
      }
    }
  }

  private void embed() {
    GgmlType type = weights.embedding().type();
    long matrices = DeviceMatrix.program(context, type, 1);
    ofAll.add(
        stage(
            new ClKernel(matrices, "embed", shape.size() / 32, 1, arena)
                .with(weights.embedding().data())
                .with(input.tokens())
                .with(x.hidden)
                .with(shape.size())
                .with(shape.embeddingScale())));
  }

  private void untilKept(int layer) {
    Layer w = weights.layers().get(layer);
    boolean adds = layer > 0;
    @Nullable ClBuffer after = adds ? weights.layers().get(layer - 1).afterInnerNorm() : null;
    addNorm(ofAll, x.hidden, adds, after, w.attentionNorm());
    ofAll.add(projection(w.query(), x.normed, x.query, w.queryBias()));
    ofAll.add(projection(w.key(), x.normed, x.key, w.keyBias()));
    ofAll.add(projection(w.value(), x.normed, x.value, w.valueBias()));
    ofAll.add(turn(layer, w));
  }

  private Stage turn(int layer, Layer w) {
    int lanes = context.tiling().attentionLanes();
    long heads = shape.heads() + 2L * shape.kvHeads();
    ClKernel kernel =
        resources
            .add(new ClKernel(program, "turn", heads * lanes, lanes, arena))
            .with(x.query)
            .with(x.key)
            .with(x.value)
            .with(kv.keys(layer))
            .with(kv.values(layer))
            .with(w.queryNorm() != null ? w.queryNorm() : x.query)
            .with(w.keyNorm() != null ? w.keyNorm() : x.query)
            .with(input.angles())
            .with(0)
            .with(input.tokens())
            .with(shape.epsilon());
    boolean windowed = shape.isWindowed(layer);
    return rows -> {
      kernel.set(ANGLES_AT, windowed ? input.localAnglesAt() : 0);
      kernel.run(queue, rows);
    };
  }

  private void afterKept(
      List<Stage> stages, int layer, ClBuffer hidden, ClBuffer query, ClBuffer tokens) {
    Layer w = weights.layers().get(layer);
    int lanes = context.tiling().attentionLanes();
    stages.add(
        stage(
            new ClKernel(program, "attend", (long) shape.kvHeads() * lanes, lanes, arena)
                .with(query)
                .with(kv.keys(layer))
                .with(kv.values(layer))
                .with(x.attended)
                .with(tokens)
                .with(input.tables())
                .with(shape.attentionScale())
                .with(shape.isWindowed(layer) ? shape.window() : 0)));
    stages.add(projection(w.attentionOutput(), x.attended, x.added, null));
    addNorm(stages, hidden, true, w.afterAttentionNorm(), w.innerNorm());
    stages.add(projection(w.gate(), x.normed, x.gate, null));
    stages.add(projection(w.up(), x.normed, x.up, null));
    stages.add(stage(flat("activate", shape.inner()).with(x.gate).with(x.up).with(shape.inner())));
    stages.add(projection(w.down(), x.gate, x.added, null));
  }

  private void addNorm(
      List<Stage> stages, ClBuffer hidden, boolean adds, @Nullable ClBuffer after, ClBuffer norm) {
    int wide = context.tiling().wide();
    stages.add(
        stage(
            new ClKernel(program, "add_norm", wide, wide, arena)
                .with(hidden)
                .with(x.added)
                .with(after != null ? after : norm)
                .with(norm)
                .with(x.normed)
                .with(shape.size())
                .with(shape.epsilon())
                .with(adds ? 1 : 0)
                .with(after != null ? 1 : 0)));
  }

  private Stage gather(ClBuffer from, ClBuffer to, int width) {
    return stage(flat("gather", width).with(from).with(to).with(input.asked()).with(width));
  }

  /** A kernel of which each element of a row is a work item. */
  private ClKernel flat(String name, int width) {
    int group = context.tiling().flat();
    return new ClKernel(program, name, (long) Math.ceilDiv(width, group) * group, group, arena);
  }

  private Stage stage(ClKernel kernel) {
    resources.add(kernel);
    return rows -> kernel.run(queue, rows);
  }

  private Projection projection(
      DeviceMatrix matrix, ClBuffer from, ClBuffer to, @Nullable ClBuffer bias) {
    return new Projection(context, queue, matrix, from, to, bias, resources, arena);
  }
}
