package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.model.Probe.Point;
import dev.gearbox.cpu.model.Projection.Part;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.StepBatch;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The plan of a step: what reads like the paper, stage by stage.
 *
 * <pre>
 *   embed
 *   layer:  x ← norm(h)         q, k, v ← x·W        norm, turn, keep k and v      attention
 *           h ← h + [norm] (attended·W)              x ← norm(h)
 *           gate, up ← x·W      act(gate)·up         h ← h + [norm] (…·W)
 *   logits: norm(h)·W, of the rows that are asked for
 * </pre>
 *
 * A layer's last addition is made by the stage that norms it next.
 */
final class Forward {
  private final Kernels kernels;
  private final ModelShape shape;
  private final ModelWeights weights;
  private final CpuOptions options;
  private final @Nullable Probe probe;
  private final KvCache cache;
  private final StepState step;
  private final WorkerMemory[] memory;
  private final Activations x;
  private final Rotary global;
  private final Rotary local;
  private final LoraProducts lora;
  private final List<Stage> stages = new ArrayList<>();
  private final List<Stage[]> layers = new ArrayList<>();
  private final Part logits;
  private Runnable pause = () -> {};
  private final Stage[] plan;
  private final Stage[] adapterlessPlan;

  Forward(
      Kernels kernels,
      ModelShape shape,
      ModelWeights weights,
      CpuOptions options,
      @Nullable Probe probe,
      KvCache cache,
      StepState step,
      int maxTokens,
      int workers,
      Arena arena) {
    this.kernels = kernels;
    this.shape = shape;
    this.weights = weights;
    this.options = options;
    this.probe = probe;
    this.cache = cache;
    this.step = step;
    x = new Activations(shape, maxTokens);
    memory = new WorkerMemory[workers];
    for (int i = 0; i < workers; i++) {
      memory[i] = new WorkerMemory(shape, kernels, maxTokens, arena);
    }
    float[] factors = weights.ropeFactors();
    global = new Rotary(shape, shape.ropeBase(), shape.ropeScale(), factors, maxTokens);
    local = new Rotary(shape, shape.localRopeBase(), 1f, null, maxTokens);
    lora = new LoraProducts(kernels, step);
    logits = new Part(Linear.output(shape), weights.output(), null, new float[0]);
    Operands operands = new Operands(kernels, shape, weights, maxTokens);
    stages.add(stage(step::size, (token, worker) -> embed(token)));
    for (int layer = 0; layer < shape.layers(); layer++) {
      layer(layer, operands);
    }
    float @Nullable [] last = weights.layers().getLast().afterInnerNorm();
    addThenNorm(last, weights.outputNorm(), operands.residual());
    probe(Point.HIDDEN, shape.layers(), x.hidden, shape.size());
    probe(Point.LOGITS_INPUT, 0, x.normed, shape.size());
    project(operands.residual(), x.normed, logits);
    // For many rows it takes as long as several layers, and is the last that can be given up.
    stages.add(pausing(stages.removeLast()));
    if (shape.softcap() > 0) {
      stages.add(stage(step::rows, (row, worker) -> softcap(row)));
    }
    plan = stages.toArray(new Stage[0]);
    // Every stage costs a meeting of all workers, an empty one too.
    stages.removeIf(LoraProducts.Reduction.class::isInstance);
    adapterlessPlan = stages.toArray(new Stage[0]);
  }

  /** The stages in order; {@code target} receives the rows asked for. */
  Stage[] plan(StepBatch batch, float[] target) {
    pause = batch::pause;
    logits.to(target);
    if (step.maxRank() == 0) {
      return adapterlessPlan;
    }
    lora.begin();
    return plan;
  }

  /** Writes the rows' embeddings. */
  void embed(float[] stream, CpuWorkers workers) {
    workers.run(stages.getFirst());
    System.arraycopy(x.hidden, 0, stream, 0, step.size() * shape.size());
  }

  /** Takes rows of the residual stream through one layer. */
  void layer(int layer, float[] stream, CpuWorkers workers) {
    int values = step.size() * shape.size();
    workers.run(stages.getFirst()); // turns positions into angles too
    System.arraycopy(stream, 0, x.hidden, 0, values);
    Arrays.fill(x.added, 0, values, 0);
    workers.run(layers.get(layer));
    float @Nullable [] after = weights.layers().get(layer).afterInnerNorm();
    for (int row = 0; row < step.size(); row++) {
      add(row, after);
    }
    System.arraycopy(x.hidden, 0, stream, 0, values);
  }

  private void layer(int layer, Operands operands) {
    LayerWeights w = weights.layers().get(layer);
    int first = stages.size();
    if (layer == 0) {
      normInto(w.attentionNorm(), operands.residual());
    } else {
      float @Nullable [] after = weights.layers().get(layer - 1).afterInnerNorm();
      addThenNorm(after, w.attentionNorm(), operands.residual());
    }
    probe(Point.HIDDEN, layer, x.hidden, shape.size());
    probe(Point.ATTENTION_INPUT, layer, x.normed, shape.size());
    project(
        operands.residual(),
        x.normed,
        new Part(Linear.QUERY.site(layer), w.query(), w.queryBias(), x.query),
        new Part(Linear.KEY.site(layer), w.key(), w.keyBias(), x.key),
        new Part(Linear.VALUE.site(layer), w.value(), w.valueBias(), x.value));
    stages.add(stage(this::sizeAfterPause, (token, worker) -> turnAndKeep(layer, token)));
    if (cache.isBounded(layer)) {
      stages.add(stage(step::size, (token, worker) -> bound(layer, token)));
    }
    stages.add(new Attention(kernels, shape, step, x, memory, cache, options.attention(), layer));
    if (layer == shape.layers() - 1) {
      stages.add(stage(() -> 1, (job, worker) -> compact()));
    }
    prepare(operands.attended(), x.attended, (row, worker) -> {});
    probe(Point.ATTENDED, layer, x.attended, shape.querySize());
    int output = Linear.ATTENTION_OUTPUT.site(layer);
    project(operands.attended(), x.attended, new Part(output, w.attentionOutput(), null, x.added));
    addThenNorm(w.afterAttentionNorm(), w.innerNorm(), operands.residual());
    probe(Point.FEED_FORWARD_INPUT, layer, x.normed, shape.size());
    project(
        operands.residual(),
        x.normed,
        new Part(Linear.GATE.site(layer), w.gate(), null, x.gate),
        new Part(Linear.UP.site(layer), w.up(), null, x.up));
    prepare(operands.inner(), x.gate, (row, worker) -> activate(row));
    probe(Point.INNER, layer, x.gate, shape.inner());
    project(operands.inner(), x.gate, new Part(Linear.DOWN.site(layer), w.down(), null, x.added));
    probe(Point.FEED_FORWARD_OUTPUT, layer, x.added, shape.size());
    layers.add(
        stages.stream()
            .skip(first)
            .filter(stage -> !(stage instanceof LoraProducts.Reduction))
            .toArray(Stage[]::new));
  }

  private void probe(Point point, int layer, float[] values, int width) {
    Probe looking = probe;
    if (looking != null) {
      stages.add(
          stage(
              () -> step.rows() == 0 ? 0 : 1,
              (job, worker) -> looking.see(point, layer, values, step.rows(), width)));
    }
  }

  private Stage pausing(Stage last) {
    return stage(
        last::jobs,
        (job, worker) -> {
          pause.run();
          last.run(job, worker);
        });
  }

  private int sizeAfterPause() {
    pause.run();
    return step.size();
  }

  private void embed(int token) {
    int at = token * shape.size();
    weights.embedding().row(step.token(token), x.hidden, at);
    if (shape.embeddingScale() != 1f) {
      kernels.scale(x.hidden, at, shape.size(), shape.embeddingScale());
    }
    global.prepare(token, step.position(token));
    if (shape.window() > 0) {
      local.prepare(token, step.position(token));
    }
  }

  private void normInto(float[] norm, Operand operand) {
    prepare(operand, x.normed, (row, worker) -> norm(row, norm));
  }

  private void addThenNorm(float @Nullable [] after, float[] norm, Operand operand) {
    prepare(
        operand,
        x.normed,
        (row, worker) -> {
          add(row, after);
          norm(row, norm);
        });
  }

  /** Adds what a part of a layer gives to the residual stream. */
  private void add(int row, float @Nullable [] after) {
    int at = row * shape.size();
    if (after != null) {
      rmsNorm(x.added, at, shape.size(), after);
    }
    kernels.add(x.hidden, at, x.added, at, shape.size());
  }

  private void norm(int row, float[] norm) {
    int at = row * shape.size();
    kernels.rmsNorm(x.hidden, at, shape.size(), norm, shape.epsilon(), x.normed, at);
  }

  private void rmsNorm(float[] values, int at, int size, float[] norm) {
    kernels.rmsNorm(values, at, size, norm, shape.epsilon(), values, at);
  }

  private void turnAndKeep(int layer, int token) {
    LayerWeights w = weights.layers().get(layer);
    Rotary rotary = shape.isWindowed(layer) ? local : global;
    int size = shape.headSize();
    heads(x.query, token * shape.querySize(), shape.heads(), w.queryNorm(), rotary, token);
    heads(x.key, token * shape.keySize(), shape.kvHeads(), w.keyNorm(), rotary, token);
    int slot = step.position(token) % KvCache.BLOCK;
    for (int head = 0; head < shape.kvHeads(); head++) {
      int from = token * shape.keySize() + head * size;
      cache.put(layer, step.block(token), slot, head, x.key, x.value, from);
    }
  }

  private void bound(int layer, int token) {
    if (step.position(token) % KvCache.BLOCK == KvCache.BLOCK - 1) {
      cache.bound(layer, step.block(token));
    }
  }

  private void heads(
      float[] values, int at, int heads, float @Nullable [] norm, Rotary rotary, int token) {
    for (int head = 0; head < heads; head++, at += shape.headSize()) {
      if (norm != null) {
        rmsNorm(values, at, shape.headSize(), norm);
      }
      rotary.turn(token, values, at);
    }
  }

  private void compact() {
    step.compact(x.hidden, shape.size());
    step.compact(x.attended, shape.querySize());
    step.onlyAsked();
  }

  private void activate(int row) {
    int at = row * shape.inner();
    switch (shape.architecture()) {
      case LLAMA, QWEN2 -> kernels.swiglu(x.gate, x.up, at, shape.inner());
      case GEMMA3 -> kernels.geglu(x.gate, x.up, at, shape.inner());
    }
  }

  private void softcap(int row) {
    float[] out = logits.out();
    float cap = shape.softcap();
    for (int i = row * shape.vocabulary(); i < (row + 1) * shape.vocabulary(); i++) {
      out[i] = cap * (float) Math.tanh(out[i] / cap);
    }
  }

  /** Multiplies an operand that was made of {@code values} by matrices of neighbouring sites. */
  private void project(Operand operand, float[] values, Part... parts) {
    stages.add(lora.new Reduction(values, operand.columns, parts[0].site(), parts.length));
    stages.add(new Projection(kernels, step, operand, memory, lora, parts));
  }

  /** Adds a stage that computes rows one by one and makes an operand of them. */
  private void prepare(Operand operand, float[] values, Body row) {
    stages.add(
        stage(
            () -> operand.tiles(step.rows()),
            (tile, worker) -> {
              int rows = step.rows();
              int start = tile * Kernels.ROWS;
              int end = Math.min(rows, start + Kernels.ROWS);
              for (int r = start; r < end; r++) {
                row.run(r, worker);
              }
              int at = start * operand.columns;
              operand.prepare(values, at, start, rows);
            }));
  }

  /** What a stage does for one job. */
  private interface Body {
    void run(int job, int worker);
  }

  private static Stage stage(IntSupplier jobs, Body body) {
    return new Stage() {
      @Override
      public int jobs() {
        return jobs.getAsInt();
      }

      @Override
      public void run(int job, int worker) {
        body.run(job, worker);
      }
    };
  }

  /** The inputs of all matrices; layers take turns with them. */
  private record Operands(Operand residual, Operand attended, Operand inner) {
    Operands(Kernels kernels, ModelShape shape, ModelWeights weights, int maxTokens) {
      this(
          new Operand(kernels, shape.size(), maxTokens, residualReaders(weights)),
          new Operand(kernels, shape.querySize(), maxTokens, attendedReaders(weights)),
          new Operand(kernels, shape.inner(), maxTokens, innerReaders(weights)));
    }

    private static List<PackedMatrix> residualReaders(ModelWeights weights) {
      List<PackedMatrix> readers = new ArrayList<>(List.of(weights.output()));
      for (LayerWeights w : weights.layers()) {
        readers.addAll(List.of(w.query(), w.key(), w.value(), w.gate(), w.up()));
      }
      return readers;
    }

    private static List<PackedMatrix> attendedReaders(ModelWeights weights) {
      return weights.layers().stream().map(LayerWeights::attentionOutput).toList();
    }

    private static List<PackedMatrix> innerReaders(ModelWeights weights) {
      return weights.layers().stream().map(LayerWeights::down).toList();
    }
  }
}
