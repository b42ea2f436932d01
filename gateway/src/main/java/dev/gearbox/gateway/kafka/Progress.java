package dev.gearbox.gateway.kafka;

import java.util.Base64;
import java.util.BitSet;
import java.util.TreeSet;

/**
 * What is finished of one partition. Committed is the offset before which everything is, and, in
 * the commit's metadata, which offsets behind it are finished too:
 *
 * <pre>
 *   offset   40 41 42 43 44 45 46 47      41 and 44 still run, 48 is the next to be fetched
 *            ●  ○  ●  ●  ○  ●  ●  ●
 *   commit   41, "1:" + base64 of bits {1, 2, 4, 5, 6} counted from 41
 * </pre>
 *
 * <p>So a result need not wait for an older request, and a transaction still says exactly what it
 * finished. Offsets that the log skips (compaction, transaction markers) count as finished. Not
 * thread-safe.
 */
final class Progress {
  /** Offsets that one commit can speak of: their bits fit into the 4,096 bytes of metadata. */
  static final int MAX_SPAN = 16_384;

  private static final String VERSION = "1:";

  private final TreeSet<Long> open = new TreeSet<>();
  private final TreeSet<Long> beyond = new TreeSet<>();
  private long position;

  /**
   * Goes on from a commit.
   *
   * @param committed offset of the commit
   * @param metadata of the commit; what another program wrote there says nothing
   */
  Progress(long committed, String metadata) {
    position = committed;
    if (metadata.startsWith(VERSION)) {
      try {
        byte[] bits = Base64.getDecoder().decode(metadata.substring(VERSION.length()));
        BitSet.valueOf(bits).stream().forEach(bit -> beyond.add(committed + bit));
      } catch (IllegalArgumentException e) {
        beyond.clear();
      }
    }
  }

  /** Notes a fetched record; false when it was finished before. */
  boolean fetched(long offset) {
    position = Math.max(position, offset + 1);
    if (beyond.contains(offset)) {
      return false;
    }
    open.add(offset);
    return true;
  }

  /** Notes that its outcome is in the transaction that is about to be committed. */
  void finish(long offset) {
    if (open.remove(offset)) {
      beyond.add(offset);
    }
    beyond.headSet(offset()).clear();
  }

  /** Whether the commit that this came from had it finished. */
  boolean finished(long offset) {
    return offset < offset() || beyond.contains(offset);
  }

  /** The offset to commit: before it, everything is finished. */
  long offset() {
    return open.isEmpty() ? Math.max(position, past()) : open.first();
  }

  private long past() {
    // Nothing was fetched yet: what follows the commit without a gap is finished.
    long at = position;
    while (beyond.contains(at)) {
      at++;
    }
    return at;
  }

  /** What to commit beside the offset. */
  String metadata() {
    long base = offset();
    BitSet bits = new BitSet();
    for (long each : beyond.tailSet(base)) {
      bits.set((int) (each - base));
    }
    return bits.isEmpty() ? "" : VERSION + Base64.getEncoder().encodeToString(bits.toByteArray());
  }

  /** Offsets between the oldest that is not finished and the newest that was fetched. */
  long span() {
    return position - offset();
  }

  /** Records that were fetched and are not finished. */
  int unfinished() {
    return open.size();
  }
}
