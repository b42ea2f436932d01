package dev.gearbox.cpu.model;

import dev.gearbox.runtime.ModelRunner;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Keys and values of all layers in blocks of 16 tokens, as floats.
 *
 * <pre>
 *   layer: block 0: head 0 | head 1 | …    block 1: …
 *   keys of a head      [element][16 tokens]     tokens in lanes: scores need no sum over lanes
 *   values of a head    [16 tokens][element]
 * </pre>
 */
final class KvCache {
  static final int BLOCK = ModelRunner.BLOCK_TOKENS;

  private final MemorySegment[] keys;
  private final MemorySegment[] values;
  private final int blocks;
  private final int heads;
  private final int headSize;

  KvCache(ModelShape shape, int blocks, Arena arena) {
    this.blocks = blocks;
    heads = shape.kvHeads();
    headSize = shape.headSize();
    keys = new MemorySegment[shape.layers()];
    values = new MemorySegment[shape.layers()];
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = arena.allocate(at(blocks, 0), 64);
      values[layer] = arena.allocate(at(blocks, 0), 64);
    }
  }

  static long bytesPerBlock(ModelShape shape) {
    return 2L * Float.BYTES * BLOCK * shape.layers() * shape.keySize();
  }

  int blocks() {
    return blocks;
  }

  MemorySegment keys(int layer) {
    return keys[layer];
  }

  MemorySegment values(int layer) {
    return values[layer];
  }

  /** Where a head's part of a block begins, in the keys and in the values alike. */
  long at(int block, int head) {
    return Float.BYTES * (((long) block * heads + head) * headSize * BLOCK);
  }

  /** Keeps the key and value of one head of one token, in slot 0 to 15 of a block. */
  void put(int layer, int block, int slot, int head, float[] key, float[] value, int from) {
    long at = at(block, head);
    MemorySegment k = keys[layer];
    for (int e = 0; e < headSize; e++) {
      k.set(ValueLayout.JAVA_FLOAT, at + 4L * (e * BLOCK + slot), key[from + e]);
    }
    long to = at + (long) Float.BYTES * slot * headSize;
    MemorySegment.copy(value, from, values[layer], ValueLayout.JAVA_FLOAT, to, headSize);
  }
}
