package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.parallel.Stage;
import dev.gearbox.format.model.ModelShape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention of one layer. A job takes up to 16 queries that read the same keys, those of a
 * key head's group of query heads at one or several tokens, and walks over the blocks of their
 * sequence once, with the softmax kept up to date on the way (Milakov and Gimelshein, 2018):
 *
 * <pre>
 *   for 8 blocks at a time    s = q·K      m' = max(m, max s)     p = exp(s − m')
 *                             l = l·exp(m − m') + Σp              o = o·exp(m − m') + p·V
 *   at the end                o / l
 * </pre>
 *
 * Where a token sees chosen blocks only, these are to it a sequence of their own, in which all but
 * the last are full. Its queries are a tile then, so that whoever shares it has chosen alike.
 */
final class Attention implements Stage {
  private final Kernels kernels;
  private final ModelShape shape;
  private final StepState step;
  private final Activations x;
  private final WorkerMemory[] memory;
  private final MemorySegment keys;
  private final MemorySegment values;
  private final KvCache cache;
  private final KvType type;
  private final int window;
  private final int sinks;
  private final @Nullable BlockChooser chooser;

  Attention(
      Kernels kernels,
      ModelShape shape,
      StepState step,
      Activations x,
      WorkerMemory[] memory,
      KvCache cache,
      AttentionSpec attention,
      int layer) {
    this.kernels = kernels;
    this.shape = shape;
    this.step = step;
    this.x = x;
    this.memory = memory;
    this.cache = cache;
    type = cache.type();
    keys = cache.keys(layer);
    values = cache.values(layer);
    BlockChooser chosen = null;
    int seen = Integer.MAX_VALUE;
    int first = 0;
    if (shape.isWindowed(layer)) {
      seen = shape.window();
    } else {
      switch (attention) {
        case AttentionSpec.Full() -> {}
        case AttentionSpec.Window(int some, int last) -> {
          seen = last;
          first = some;
        }
        case AttentionSpec.TopBlocks(int most) ->
            chosen = new BlockChooser(kernels, shape, cache, layer, most);
      }
    }
    chooser = chosen;
    window = seen;
    sinks = first;
  }

  @Override
  public int jobs() {
    return step.tiles() * shape.kvHeads();
  }

  @Override
  public void run(int job, int worker) {
    WorkerMemory own = memory[worker];
    int tile = job / shape.kvHeads();
    int head = job % shape.kvHeads();
    int queries = step.queriesOf(tile);
    int padded = Math.ceilDiv(queries, Kernels.QUERY_ROWS) * Kernels.QUERY_ROWS;
    int size = shape.headSize();
    gather(tile, head, queries, own);
    Arrays.fill(own.queries, queries * size, padded * size, 0f);
    Arrays.fill(own.mixed, 0, padded * size, 0f);
    Arrays.fill(own.most, Float.NEGATIVE_INFINITY);
    Arrays.fill(own.weight, 0f);
    int[] table = step.table(step.sequence(tile));
    int hidden = 0;
    if (chooser != null) {
      int blocks = position(tile, queries - 1) / KvCache.BLOCK + 1;
      if (chooser.choosesOf(blocks)) {
        table = chooser.choose(table, blocks, head, queries, own);
        hidden = (blocks - chooser.most()) * KvCache.BLOCK;
      }
    }
    walk(tile, head, queries, table, hidden, own);
    scatter(tile, head, queries, own);
  }

  /**
   * Visits what anybody of a tile sees.
   *
   * @param hidden tokens that the table leaves out
   */
  private void walk(int tile, int head, int queries, int[] table, int hidden, WorkerMemory own) {
    int from = firstVisible(position(tile, 0) - hidden);
    int to = position(tile, queries - 1) - hidden + 1;
    for (int cut = 0; cut < to; cut += WorkerMemory.SCORES) {
      // Cut at multiples, so that a query sums alike whichever others share its tile.
      int key = cut < sinks ? cut : Math.max(cut, from / KvCache.BLOCK * KvCache.BLOCK);
      int end = Math.min(to, cut + WorkerMemory.SCORES);
      end = end <= from ? Math.min(end, sinks) : end;
      if (key < end) {
        visit(tile, head, queries, table, hidden, key, end, own);
      }
    }
  }

  private void visit(
      int tile,
      int head,
      int queries,
      int[] table,
      int hidden,
      int firstKey,
      int end,
      WorkerMemory own) {
    int size = shape.headSize();
    int stride = WorkerMemory.SCORES;
    int firstBlock = firstKey / KvCache.BLOCK;
    int blocks = Math.ceilDiv(end - firstKey, KvCache.BLOCK);
    for (int b = 0; b < blocks; b++) {
      long at = cache.at(table[firstBlock + b], head);
      for (int q = 0; q < queries; q += Kernels.QUERY_ROWS) {
        int to = q * stride + b * KvCache.BLOCK;
        kernels.scores(type, own.queries, q * size, size, keys, at, own.scores, to, stride);
      }
    }
    for (int q = 0; q < queries; q++) {
      weigh(q, position(tile, q) - hidden, firstKey, blocks * KvCache.BLOCK, own);
    }
    for (int b = 0; b < blocks; b++) {
      long at = cache.at(table[firstBlock + b], head);
      for (int q = 0; q < queries; q += Kernels.QUERY_ROWS) {
        int from = q * stride + b * KvCache.BLOCK;
        kernels.mix(type, own.scores, from, stride, values, at, own.mixed, q * size, size);
      }
    }
  }

  /** Turns the scores of one query into weights relative to the largest score so far. */
  private void weigh(int q, int position, int firstKey, int count, WorkerMemory own) {
    int at = q * WorkerMemory.SCORES;
    int to = Math.clamp((long) position + 1 - firstKey, 0, count);
    int sunk = Math.clamp((long) sinks - firstKey, 0, to);
    int from = Math.clamp((long) firstVisible(position) - firstKey, 0, to);
    if (sunk > 0 && from <= sunk) {
      sunk = 0;
      from = 0;
    }
    Arrays.fill(own.scores, at + sunk, at + from, 0f);
    Arrays.fill(own.scores, at + to, at + count, 0f);
    if (sunk == 0 && from == to) {
      return;
    }
    float most = kernels.max(own.scores, at + from, to - from);
    if (sunk > 0) {
      most = Math.max(most, kernels.max(own.scores, at, sunk));
    }
    if (most > own.most[q]) {
      float factor = (float) Math.exp(own.most[q] - most);
      own.weight[q] *= factor;
      kernels.scale(own.mixed, q * shape.headSize(), shape.headSize(), factor);
      own.most[q] = most;
    }
    if (sunk > 0) {
      own.weight[q] += kernels.expSum(own.scores, at, sunk, own.most[q]);
    }
    own.weight[q] += kernels.expSum(own.scores, at + from, to - from, own.most[q]);
  }

  private int firstVisible(int position) {
    return Math.max(0, position - window + 1);
  }

  private int token(int tile, int query) {
    int index = (step.firstQuery(tile) + query) / shape.queriesPerKey();
    return step.firstToken(step.sequence(tile)) + index;
  }

  private int position(int tile, int query) {
    return step.position(token(tile, query));
  }

  /** Where a query stands among those of the batch. */
  private int queryAt(int tile, int head, int query) {
    int inGroup = (step.firstQuery(tile) + query) % shape.queriesPerKey();
    int queryHead = head * shape.queriesPerKey() + inGroup;
    return token(tile, query) * shape.querySize() + queryHead * shape.headSize();
  }

  private void gather(int tile, int head, int queries, WorkerMemory own) {
    int size = shape.headSize();
    for (int q = 0; q < queries; q++) {
      System.arraycopy(x.query, queryAt(tile, head, q), own.queries, q * size, size);
    }
    kernels.scale(own.queries, 0, queries * size, shape.attentionScale());
  }

  private void scatter(int tile, int head, int queries, WorkerMemory own) {
    int size = shape.headSize();
    for (int q = 0; q < queries; q++) {
      kernels.scale(own.mixed, q * size, size, 1 / own.weight[q]);
      System.arraycopy(own.mixed, q * size, x.attended, queryAt(tile, head, q), size);
    }
  }
}
