package dev.gearbox.cpu.model;

import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelAdapter;
import dev.gearbox.runtime.StepBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The batch of the step that runs, laid out for the stages: which sequence, position and block each
 * token has, the tiles of queries that attention takes at a time, and how many rows are in play.
 */
final class StepState {
  private static final int[] NO_BLOCKS = {};

  private final ModelShape shape;
  private final int tileRows;
  private final int[] positions;
  private final int[] tokens;
  private final int[] blocks;
  private final int[] asked;
  private final @Nullable LoraWeights[] adapters;
  private int[][] tables = new int[8][];
  private int[] firstToken = new int[8];
  private int[] tileSequence = new int[64];
  private int[] tileFirst = new int[64];
  private int tiles;
  private int size;
  private int askedRows;
  private int rows;
  private int maxRank;

  /**
   * @param tokenTiles whether queries of different tokens stay in tiles of their own
   */
  StepState(ModelShape shape, int maxTokens, boolean tokenTiles) {
    this.shape = shape;
    tileRows = tokenTiles ? rowsOfToken(shape.queriesPerKey()) : WorkerMemory.QUERY_ROWS;
    positions = new int[maxTokens];
    tokens = new int[maxTokens];
    blocks = new int[maxTokens];
    asked = new int[maxTokens];
    adapters = new @Nullable LoraWeights[maxTokens];
  }

  /** The largest part of a token's queries that divides them and fits a tile. */
  private static int rowsOfToken(int queries) {
    int rows = Math.min(queries, WorkerMemory.QUERY_ROWS);
    while (queries % rows != 0) {
      rows--;
    }
    return rows;
  }

  /** Takes a batch; the checks come first and leave this untouched. */
  void begin(StepBatch batch, int kvBlocks, int logits) {
    check(batch, kvBlocks, logits);
    size = batch.size();
    rows = size;
    tiles = 0;
    askedRows = 0;
    maxRank = 0;
    int sequences = batch.sequences();
    if (tables.length < sequences) {
      tables = new int[sequences * 2][];
      firstToken = new int[sequences * 2];
    }
    for (int s = 0; s < sequences; s++) {
      tables[s] = batch.blocks(s);
      firstToken[s] = batch.start(s);
      sequence(batch, s);
    }
    Arrays.fill(tables, sequences, tables.length, NO_BLOCKS);
  }

  private void sequence(StepBatch batch, int s) {
    int start = batch.start(s);
    int count = batch.start(s + 1) - start;
    LoraWeights adapter = (LoraWeights) batch.adapter(s);
    maxRank = Math.max(maxRank, adapter == null ? 0 : adapter.rank());
    for (int i = 0; i < count; i++) {
      adapters[start + i] = adapter;
      int position = batch.context(s) + i;
      positions[start + i] = position;
      tokens[start + i] = batch.token(start + i);
      blocks[start + i] = batch.blocks(s)[position / KvCache.BLOCK];
      if (batch.wantsLogits(start + i)) {
        asked[askedRows++] = start + i;
      }
    }
    int queries = count * shape.queriesPerKey();
    for (int first = 0; first < queries; first += tileRows) {
      if (tiles == tileFirst.length) {
        tileFirst = Arrays.copyOf(tileFirst, tiles * 2);
        tileSequence = Arrays.copyOf(tileSequence, tiles * 2);
      }
      tileSequence[tiles] = s;
      tileFirst[tiles++] = first;
    }
  }

  private void check(StepBatch batch, int kvBlocks, int logits) {
    batch.check(tokens.length, shape.vocabulary(), shape.maxContext(), kvBlocks, logits);
    for (int s = 0; s < batch.sequences(); s++) {
      ModelAdapter adapter = batch.adapter(s);
      if (adapter != null && !(adapter instanceof LoraWeights lora && lora.fits(shape))) {
        throw new IllegalArgumentException("the adapter was made for another model");
      }
    }
  }

  /** Rows of the residual stream that still count. */
  int rows() {
    return rows;
  }

  /** Tokens of the batch. */
  int size() {
    return size;
  }

  /** Leaves only the rows whose logits are asked for, moved to the front of {@code x}. */
  void compact(float[] x, int width) {
    for (int i = 0; i < askedRows; i++) {
      System.arraycopy(x, asked[i] * width, x, i * width, width);
    }
  }

  void onlyAsked() {
    for (int i = 0; i < askedRows; i++) {
      adapters[i] = adapters[asked[i]];
    }
    rows = askedRows;
  }

  /** The largest rank of the adapters in the step; 0 when it has none. */
  int maxRank() {
    return maxRank;
  }

  /** What is added to the model's weights for a row; null for nothing. */
  @Nullable LoraWeights adapter(int row) {
    return adapters[row];
  }

  int token(int index) {
    return tokens[index];
  }

  int position(int index) {
    return positions[index];
  }

  /** The block that keeps a token's key and value. */
  int block(int index) {
    return blocks[index];
  }

  int tiles() {
    return tiles;
  }

  /** Sequence of a tile. */
  int sequence(int tile) {
    return tileSequence[tile];
  }

  /** First query of a tile among those of its sequence: token · queriesPerKey + head in group. */
  int firstQuery(int tile) {
    return tileFirst[tile];
  }

  int firstToken(int sequence) {
    return firstToken[sequence];
  }

  int[] table(int sequence) {
    return tables[sequence];
  }

  /** Number of queries of a tile; a sequence without tokens has no tile. */
  int queriesOf(int tile) {
    int first = tileFirst[tile];
    boolean last = tile + 1 == tiles || tileFirst[tile + 1] == 0;
    if (!last) {
      return tileRows;
    }
    int sequence = tileSequence[tile];
    int end = tile + 1 == tiles ? size : firstToken[tileSequence[tile + 1]];
    return (end - firstToken[sequence]) * shape.queriesPerKey() - first;
  }
}
