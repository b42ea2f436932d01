package dev.gearbox.runtime.cache;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which block holds which prefix. A key has one block, the first that was computed; a block has one
 * key at most. Entries outlive the sequences that made them, until their block is reused.
 */
final class PrefixIndex {
  static final int ABSENT = -1;

  private final Map<BlockKey, Integer> blockOf = new HashMap<>();
  private final @Nullable BlockKey[] keyOf;

  PrefixIndex(int blocks) {
    keyOf = new @Nullable BlockKey[blocks];
  }

  int find(BlockKey key) {
    Integer block = blockOf.get(key);
    return block == null ? ABSENT : block;
  }

  /** Makes {@code block} findable, unless another holds the same prefix already. */
  void add(BlockKey key, int block) {
    if (keyOf[block] == null && blockOf.putIfAbsent(key, block) == null) {
      keyOf[block] = key;
    }
  }

  /** Forgets what {@code block} held, because it is about to hold something else. */
  void forget(int block) {
    BlockKey key = keyOf[block];
    if (key != null) {
      keyOf[block] = null;
      blockOf.remove(key);
    }
  }

  int size() {
    return blockOf.size();
  }
}
