package dev.gearbox.gateway.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Iterator;
import java.util.LinkedHashSet;

/**
 * Ids of requests that have a result: the newest, up to a bound. Not thread-safe. Ids are kept as
 * 128 bits of their SHA-256, so a million take some 100 MB however long clients make them, and two
 * that clients choose do not meet by accident or on purpose.
 */
final class KnownIds {
  private record Print(long high, long low) {}

  private final LinkedHashSet<Print> newest = new LinkedHashSet<>();
  private final int most;
  private final MessageDigest sha256;

  KnownIds(int most) {
    this.most = most;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  boolean has(String id) {
    return newest.contains(print(id.getBytes(StandardCharsets.UTF_8)));
  }

  void add(String id) {
    add(id.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds the id of which these are the UTF-8 bytes. */
  void add(byte[] id) {
    Print print = print(id);
    // The newest stay longest, also those that come once more.
    newest.remove(print);
    newest.add(print);
    if (newest.size() > most) {
      Iterator<Print> oldest = newest.iterator();
      oldest.next();
      oldest.remove();
    }
  }

  int size() {
    return newest.size();
  }

  private Print print(byte[] id) {
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest(id));
    return new Print(digest.getLong(), digest.getLong());
  }
}
