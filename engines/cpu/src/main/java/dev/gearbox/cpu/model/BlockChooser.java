package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.format.model.ModelShape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Chooses the blocks that the query heads of one key head see at one token (Quest: Tang et al.,
 * 2024). A key within its block's bounds scores at most
 *
 * <pre>
 *   Σₑ max(qₑ · leastₑ, qₑ · mostₑ)  =  Σₑ min(qₑ, 0) · leastₑ + max(qₑ, 0) · mostₑ
 * </pre>
 *
 * and the sum of that over the heads is one product with the sums of their negative and positive
 * parts. Blocks are ranked by it; the first block and the last few are taken unasked: the first
 * tokens draw attention whatever they say, and the last block has no bounds before it is full.
 */
final class BlockChooser {
  /** Blocks at the end that are always seen, the one of the token itself included. */
  static final int LAST = 4;

  private static final int FIRST = 1;

  private final Kernels kernels;
  private final KvCache cache;
  private final MemorySegment bounds;
  private final int size;
  private final int most;

  BlockChooser(Kernels kernels, ModelShape shape, KvCache cache, int layer, int most) {
    this.kernels = kernels;
    this.cache = cache;
    this.most = most;
    bounds = cache.bounds(layer);
    size = shape.headSize();
  }

  /** Blocks that are seen of a sequence with more. */
  int most() {
    return most;
  }

  /** Whether a sequence of that many blocks is more than may be seen. */
  boolean choosesOf(int blocks) {
    return blocks > most;
  }

  /** The blocks seen of the first {@code blocks} of a table, in their order. */
  int[] choose(int[] table, int blocks, int head, int queries, WorkerMemory own) {
    own.roomFor(blocks, most);
    split(queries, own);
    int asked = blocks - FIRST - LAST;
    for (int i = 0; i < asked; i++) {
      long at = cache.boundsAt(table[FIRST + i], head);
      own.ranks[i] = kernels.inner(own.signed, 0, bounds, at, 2 * size);
    }
    System.arraycopy(own.ranks, 0, own.sorted, 0, asked);
    int wanted = most - FIRST - LAST;
    float least = nthLargest(own.sorted, asked, wanted);
    int equal = wanted;
    for (int i = 0; i < asked; i++) {
      equal -= own.ranks[i] > least ? 1 : 0;
    }
    int n = 0;
    for (int b = 0; b < blocks; b++) {
      int i = b - FIRST;
      boolean unasked = i < 0 || i >= asked;
      if (unasked || own.ranks[i] > least || (own.ranks[i] == least && equal-- > 0)) {
        own.chosen[n++] = table[b];
      }
    }
    return own.chosen;
  }

  private void split(int queries, WorkerMemory own) {
    Arrays.fill(own.signed, 0f);
    for (int q = 0; q < queries; q++) {
      for (int e = 0; e < size; e++) {
        float x = own.queries[q * size + e];
        own.signed[x < 0 ? e : size + e] += x;
      }
    }
  }

  /** The {@code n}-th largest of {@code count} floats, which are left in another order (Hoare). */
  static float nthLargest(float[] x, int count, int n) {
    int low = 0;
    int high = count - 1;
    int at = n - 1;
    while (low < high) {
      float pivot = x[(low + high) >>> 1];
      int i = low;
      int j = high;
      while (i <= j) {
        while (x[i] > pivot) {
          i++;
        }
        while (x[j] < pivot) {
          j--;
        }
        if (i <= j) {
          float other = x[i];
          x[i++] = x[j];
          x[j--] = other;
        }
      }
      // INVARIANT: all up to j are at least the pivot, all from i on at most.
      if (at <= j) {
        high = j;
      } else if (at >= i) {
        low = i;
      } else {
        break;
      }
    }
    return x[at];
  }
}
