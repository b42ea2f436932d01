package dev.gearbox.runtime.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one sequence in order: position {@code p} lives in block {@code blocks()[p / 16]}.
 * Only {@link KvCache} changes it.
 */
public final class BlockTable {
  private final String salt;
  private final @Nullable String adapter;
  // Keys depend on the tokens alone, so they stay when the blocks are given back.
  private final List<BlockKey> keys = new ArrayList<>();
  private int[] blocks = new int[8];
  private int size;
  private int indexed;

  /**
   * @param salt who may share the blocks: equal salts only
   */
  public BlockTable(String salt) {
    this(salt, null);
  }

  /**
   * @param salt who may share the blocks: equal salts only
   * @param adapter key of the adapter that fills them; null without one
   */
  public BlockTable(String salt, @Nullable String adapter) {
    this.salt = salt;
    this.adapter = adapter;
  }

  /** Block numbers; entries beyond {@link #size} mean nothing. Valid until the next change. */
  public int[] blocks() {
    return blocks;
  }

  /** Number of blocks held. */
  public int size() {
    return size;
  }

  void append(int block) {
    if (size == blocks.length) {
      blocks = Arrays.copyOf(blocks, size * 2);
    }
    blocks[size++] = block;
  }

  int removeLast() {
    return blocks[--size];
  }

  void clear() {
    size = 0;
    indexed = 0;
  }

  /** Number of leading blocks that the prefix index has seen. */
  int indexed() {
    return indexed;
  }

  void indexed(int count) {
    indexed = count;
  }

  /** Key of the full block number {@code index}, whose tokens and those before it are known. */
  BlockKey key(int index, int[] tokens, int blockTokens, BlockHasher hasher) {
    while (keys.size() <= index) {
      int block = keys.size();
      BlockKey parent = block == 0 ? hasher.root(salt, adapter) : keys.get(block - 1);
      keys.add(hasher.next(parent, tokens, block * blockTokens));
    }
    return keys.get(index);
  }
}
