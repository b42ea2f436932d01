package dev.gearbox.cpu.model;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.StepBatch;

/**
 * A model whose layers are computed one at a time, on residual streams that the caller holds and
 * may change between layers: what is known of all of a text's streams can so decide what the next
 * layer gets. Confined to one thread.
 */
public final class LayerWalk implements AutoCloseable {
  private static final int NOTHING = -2;
  private static final int EMBEDDING = -1;

  private final ModelShape shape;
  private final CpuModel model;
  private final int[] table;
  private final StepBatch batch = new StepBatch();
  private int held = NOTHING;

  /**
   * The model of a file, which must stay open.
   *
   * @param window tokens of a text at most, 1 to {@link ModelRunner#maxStepTokens}
   * @param probe sees what goes by in the layers
   */
  public LayerWalk(GgufFile file, CpuWorkers workers, int window, Probe probe) {
    shape = ModelShape.of(file);
    model = CpuModel.reserve(file, workers, probe);
    table = new int[Math.ceilDiv(window, ModelRunner.BLOCK_TOKENS)];
    for (int i = 0; i < table.length; i++) {
      table[i] = i;
    }
    model.allocateBlocks(table.length);
  }

  /** The stream of a text as it enters the first layer: rows of {@code size} floats. */
  public float[] embed(int[] tokens) {
    float[] stream = new float[tokens.length * shape.size()];
    if (held != EMBEDDING) {
      model.holdEmbedding();
      held = EMBEDDING;
    }
    begin(tokens);
    model.embed(batch, stream);
    return stream;
  }

  /**
   * Takes the stream of a text through a layer.
   *
   * @param tokens the text from its beginning on
   * @param stream a row of {@code size} floats for each token, changed
   */
  public void layer(int layer, int[] tokens, float[] stream) {
    if (held != layer) {
      model.holdLayer(layer);
      held = layer;
    }
    begin(tokens);
    model.layer(layer, batch, stream);
  }

  private void begin(int[] tokens) {
    batch.clear();
    batch.beginSequence(0, table);
    for (int token : tokens) {
      batch.addToken(token, true);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
