package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.KvBlock;
import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.runtime.ModelRunner;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * Keys and values of all layers in blocks of 16 tokens, and where attention chooses among blocks,
 * the bounds of each block's keys.
 *
 * <pre>
 *   layer: block 0: head 0 | head 1 | …    block 1: …      each a {@link KvBlock}
 *   bounds of a head    [element] least of 16 keys | [element] largest of 16 keys      floats
 * </pre>
 */
final class KvCache {
  static final int BLOCK = ModelRunner.BLOCK_TOKENS;

  static {
    if (BLOCK != Kernels.KEYS) {
      throw new IllegalStateException("kernels take blocks of " + Kernels.KEYS + " keys");
    }
  }

  private final KvType type;
  private final MemorySegment[] keys;
  private final MemorySegment[] values;
  private final MemorySegment[] bounds;
  private final int blocks;
  private final int heads;
  private final int headSize;
  private final long headBytes;

  KvCache(ModelShape shape, CpuOptions options, int blocks, Arena arena) {
    this.blocks = blocks;
    type = options.kvCacheType();
    heads = shape.kvHeads();
    headSize = shape.headSize();
    headBytes = KvBlock.bytes(type, headSize);
    keys = new MemorySegment[shape.layers()];
    values = new MemorySegment[shape.layers()];
    bounds = new MemorySegment[shape.layers()];
    SegmentAllocator memory = LazyMemory.in(arena);
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = memory.allocate(at(blocks, 0), 64);
      values[layer] = memory.allocate(at(blocks, 0), 64);
      long size = isBounded(shape, options, layer) ? boundsAt(blocks, 0) : 0;
      bounds[layer] = size == 0 ? MemorySegment.NULL : memory.allocate(size, 64);
    }
  }

  static long bytesPerBlock(ModelShape shape, CpuOptions options) {
    long bytes = 0;
    for (int layer = 0; layer < shape.layers(); layer++) {
      bytes += 2 * KvBlock.bytes(options.kvCacheType(), shape.headSize());
      bytes += isBounded(shape, options, layer) ? boundsBytes(shape.headSize()) : 0;
    }
    return bytes * shape.kvHeads();
  }

  private static boolean isBounded(ModelShape shape, CpuOptions options, int layer) {
    return options.attention() instanceof AttentionSpec.TopBlocks && !shape.isWindowed(layer);
  }

  private static long boundsBytes(int headSize) {
    return 2L * Float.BYTES * headSize;
  }

  int blocks() {
    return blocks;
  }

  KvType type() {
    return type;
  }

  MemorySegment keys(int layer) {
    return keys[layer];
  }

  MemorySegment values(int layer) {
    return values[layer];
  }

  MemorySegment bounds(int layer) {
    return bounds[layer];
  }

  /** Whether attention chooses among the blocks of a layer. */
  boolean isBounded(int layer) {
    return bounds[layer].byteSize() > 0;
  }

  /** Where a head's part of a block begins, in the keys and in the values alike. */
  long at(int block, int head) {
    return headBytes * ((long) block * heads + head);
  }

  /** Where the bounds of a head's keys begin. */
  long boundsAt(int block, int head) {
    return boundsBytes(headSize) * ((long) block * heads + head);
  }

  /** Keeps the key and value of one head of one token, in slot 0 to 15 of a block. */
  void put(int layer, int block, int slot, int head, float[] key, float[] value, int from) {
    long at = at(block, head);
    KvBlock.putKey(type, keys[layer], at, headSize, slot, key, from);
    KvBlock.putValue(type, values[layer], at, headSize, slot, value, from);
  }

  /** Bounds the keys of a block whose last token has come. */
  void bound(int layer, int block) {
    for (int head = 0; head < heads; head++) {
      long to = boundsAt(block, head);
      for (int e = 0; e < headSize; e++) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int slot = 0; slot < BLOCK; slot++) {
          float key = KvBlock.key(type, keys[layer], at(block, head), headSize, slot, e);
          least = Math.min(least, key);
          most = Math.max(most, key);
        }
        bounds[layer].set(ValueLayout.JAVA_FLOAT, to + 4L * e, least);
        bounds[layer].set(ValueLayout.JAVA_FLOAT, to + 4L * (headSize + e), most);
      }
    }
  }
}
