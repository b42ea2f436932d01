package dev.gearbox.format.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols, always the pair of the lowest priority and of equal ones the
 * leftmost, until no pair merges: the core of byte-pair encoding and of SentencePiece, in O(n log
 * n).
 *
 * <p>The symbols are a doubly linked list over their first positions. The heap holds (priority,
 * position) of pairs as they were when they arose; a pair that changed since is recognised by its
 * priority and dropped, its newer entry is in the heap as well.
 */
final class PairMerger {
  private static final int END = -1;
  private static final int GONE = -2;

  private final PairTable table;
  private final int[] symbols;
  private final int[] next;
  private final int[] previous;
  private long[] heap;
  private int heapSize;

  private PairMerger(PairTable table, int[] symbols) {
    this.table = table;
    this.symbols = symbols;
    this.next = new int[symbols.length];
    this.previous = new int[symbols.length];
    this.heap = new long[Math.max(16, symbols.length)];
  }

  /** The symbols after all merges; the array given is used up. */
  static int[] merge(int[] symbols, PairTable table) {
    return symbols.length < 2 ? symbols : new PairMerger(table, symbols).run();
  }

  private int[] run() {
    int n = symbols.length;
    for (int i = 0; i < n; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < n ? i + 1 : END;
    }
    for (int i = 0; i + 1 < n; i++) {
      offer(i);
    }
    while (heapSize > 0) {
      long entry = pop();
      int left = (int) entry;
      if (next[left] < 0) {
        continue;
      }
      long merge = table.merge(symbols[left], symbols[next[left]]);
      if (merge != PairTable.NONE && PairTable.priority(merge) == (int) (entry >>> 32)) {
        join(left, PairTable.symbol(merge));
      }
    }
    return remaining();
  }

  private void join(int left, int symbol) {
    int right = next[left];
    symbols[left] = symbol;
    next[left] = next[right];
    if (next[right] != END) {
      previous[next[right]] = left;
    }
    next[right] = GONE;
    offer(left);
    if (previous[left] != END) {
      offer(previous[left]);
    }
  }

  private int[] remaining() {
    int[] left = new int[symbols.length];
    int count = 0;
    for (int i = 0; i != END; i = next[i]) {
      left[count++] = symbols[i];
    }
    return Arrays.copyOf(left, count);
  }

  private void offer(int left) {
    if (next[left] >= 0) {
      long merge = table.merge(symbols[left], symbols[next[left]]);
      if (merge != PairTable.NONE) {
        push((long) PairTable.priority(merge) << 32 | left);
      }
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize * 2);
    }
    int at = heapSize++;
    while (at > 0 && heap[(at - 1) >>> 1] > entry) {
      heap[at] = heap[(at - 1) >>> 1];
      at = (at - 1) >>> 1;
    }
    heap[at] = entry;
  }

  private long pop() {
    long top = heap[0];
    long last = heap[--heapSize];
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= heapSize) {
        break;
      }
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
