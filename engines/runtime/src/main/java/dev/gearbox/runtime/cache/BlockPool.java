package dev.gearbox.runtime.cache;

import java.util.Arrays;

/**
 * A fixed set of blocks with reference counts. Free blocks stand in a doubly linked list, least
 * recently freed first:
 *
 * <pre>
 *   sentinel ⇄ oldest ⇄ … ⇄ newest ⇄ sentinel
 *              take()         release()
 * </pre>
 *
 * A free block may still hold a prefix worth finding; {@link #retain} takes it back out of the
 * middle of the list.
 */
final class BlockPool {
  private final int[] references;
  private final int[] next;
  private final int[] previous;
  private final int sentinel;
  private int free;

  BlockPool(int blocks) {
    if (blocks < 1) {
      throw new IllegalArgumentException("a pool needs at least one block, got " + blocks);
    }
    references = new int[blocks];
    next = new int[blocks + 1];
    previous = new int[blocks + 1];
    sentinel = blocks;
    Arrays.setAll(next, i -> i == sentinel ? 0 : i + 1);
    Arrays.setAll(previous, i -> i == 0 ? sentinel : i - 1);
    free = blocks;
  }

  int total() {
    return references.length;
  }

  int free() {
    return free;
  }

  int references(int block) {
    return references[block];
  }

  /** Takes the block that has been free for longest, with one reference; the pool has one free. */
  int take() {
    if (free == 0) {
      throw new IllegalStateException("no free block");
    }
    int block = next[sentinel];
    retain(block);
    return block;
  }

  /** Adds a reference; a free block leaves the list. */
  void retain(int block) {
    if (references[block]++ == 0) {
      next[previous[block]] = next[block];
      previous[next[block]] = previous[block];
      free--;
    }
  }

  /** Drops a reference; a block without any joins the tail of the list. */
  void release(int block) {
    if (references[block] == 0) {
      throw new IllegalStateException("block " + block + " was released twice");
    }
    if (--references[block] == 0) {
      int last = previous[sentinel];
      next[last] = block;
      previous[block] = last;
      next[block] = sentinel;
      previous[sentinel] = block;
      free++;
    }
  }
}
