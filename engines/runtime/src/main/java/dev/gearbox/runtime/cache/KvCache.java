package dev.gearbox.runtime.cache;

/**
 * The KV memory of one engine: a pool of blocks and the index of the prefixes they hold. Equal
 * prefixes under an equal salt share blocks; what is freed stays findable until it is reused,
 * prompt tails first (vLLM's block pool, {@code v1/core/block_pool.py}). Confined to one thread.
 */
public final class KvCache {
  private final BlockPool pool;
  private final PrefixIndex index;
  private final BlockHasher hasher;
  private final int blockTokens;
  private final int[] takes;

  /**
   * @param blocks blocks in all, at least 1
   * @param blockTokens tokens in a block
   */
  public KvCache(int blocks, int blockTokens) {
    this.pool = new BlockPool(blocks);
    this.index = new PrefixIndex(blocks);
    this.hasher = new BlockHasher(blockTokens);
    this.blockTokens = blockTokens;
    this.takes = new int[blocks];
  }

  /**
   * How often a block was handed out to be written anew: while it stays the same, a block that was
   * full holds the same tokens.
   */
  public int takes(int block) {
    return takes[block];
  }

  /** Blocks that no sequence holds, those that still hold a findable prefix included. */
  public int free() {
    return pool.free();
  }

  public int total() {
    return pool.total();
  }

  /** Blocks that {@code tokens} tokens take. */
  public int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockTokens);
  }

  /** The same where all tokens but the last may be spared, so that one is left to compute. */
  public int admit(BlockTable table, int[] tokens, int length) {
    return admit(table, tokens, length, length - 1);
  }

  /**
   * Gives an empty table all blocks of its first {@code length} tokens, with shared ones in front
   * where the prefix is known. All or nothing.
   *
   * @param sparable tokens that need not be computed at most, fewer than {@code length}
   * @return tokens whose keys and values are there already, at most {@code sparable}; −1 when the
   *     blocks do not suffice
   */
  public int admit(BlockTable table, int[] tokens, int length, int sparable) {
    if (table.size() != 0) {
      throw new IllegalStateException("the table already holds blocks");
    }
    int hits = 0;
    int freeHits = 0;
    int shareable = sparable / blockTokens;
    while (hits < shareable) {
      int block = index.find(table.key(hits, tokens, blockTokens, hasher));
      if (block == PrefixIndex.ABSENT) {
        break;
      }
      freeHits += pool.references(block) == 0 ? 1 : 0;
      hits++;
    }
    if (blocksFor(length) - hits > pool.free() - freeHits) {
      return -1;
    }
    // Hits are held before any block is taken: taking could reuse one of them.
    for (int i = 0; i < hits; i++) {
      int block = index.find(table.key(i, tokens, blockTokens, hasher));
      pool.retain(block);
      table.append(block);
    }
    table.indexed(hits);
    grow(table, blocksFor(length));
    return hits * blockTokens;
  }

  /** Makes room for {@code tokens} tokens in all; false, and nothing changed, when it cannot. */
  public boolean extend(BlockTable table, int tokens) {
    int needed = blocksFor(tokens);
    if (needed - table.size() > pool.free()) {
      return false;
    }
    grow(table, needed);
    return true;
  }

  private void grow(BlockTable table, int blocks) {
    while (table.size() < blocks) {
      int block = pool.take();
      index.forget(block);
      takes[block]++;
      table.append(block);
    }
  }

  /** Makes the blocks that became full findable. */
  public void computed(BlockTable table, int[] tokens, int computed) {
    for (int i = table.indexed(); i < computed / blockTokens; i++) {
      index.add(table.key(i, tokens, blockTokens, hasher), table.blocks()[i]);
      table.indexed(i + 1);
    }
  }

  /** Gives back what {@code tokens} tokens do not need; none of it was made findable. */
  public void trim(BlockTable table, int tokens) {
    while (table.size() > blocksFor(tokens)) {
      pool.release(table.removeLast());
    }
  }

  /** Gives every block of the table back, last first, so that prompt tails are reused first. */
  public void release(BlockTable table) {
    for (int i = table.size() - 1; i >= 0; i--) {
      pool.release(table.blocks()[i]);
    }
    table.clear();
  }
}
