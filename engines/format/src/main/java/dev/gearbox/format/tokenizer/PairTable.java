package dev.gearbox.format.tokenizer;

/** What two neighbouring symbols become. */
interface PairTable {
  /** No merge. */
  long NONE = -1;

  /**
   * The priority of the merge (lower merges first) in the upper and the merged symbol in the lower
   * 32 bits, or {@link #NONE}.
   */
  long merge(int left, int right);

  /** Packs a merge. */
  static long packed(int priority, int symbol) {
    return (long) priority << 32 | symbol;
  }

  /** The priority of a packed merge. */
  static int priority(long merge) {
    return (int) (merge >>> 32);
  }

  /** The symbol of a packed merge. */
  static int symbol(long merge) {
    return (int) merge;
  }
}
