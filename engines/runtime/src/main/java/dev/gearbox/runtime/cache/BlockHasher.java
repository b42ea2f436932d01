package dev.gearbox.runtime.cache;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * Chains block keys: {@code key(0) = SHA-256(SHA-256(salt) ‖ tokens 0…15)}, {@code key(i) =
 * SHA-256(key(i − 1) ‖ tokens of block i)}; with an adapter, {@code salt ‖ 0xff ‖ adapter} stands
 * for the salt. Not thread-safe.
 */
final class BlockHasher {
  private static final int KEY_BYTES = 32;

  private final MessageDigest sha256;
  private final ByteBuffer input;
  private final int blockTokens;

  BlockHasher(int blockTokens) {
    this.blockTokens = blockTokens;
    this.input = ByteBuffer.allocate(KEY_BYTES + blockTokens * Integer.BYTES);
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  BlockKey root(String salt, @Nullable String adapter) {
    sha256.update(salt.getBytes(StandardCharsets.UTF_8));
    if (adapter != null) {
      // No byte of UTF-8, so that no salt can end in an adapter.
      sha256.update((byte) 0xff);
      sha256.update(adapter.getBytes(StandardCharsets.UTF_8));
    }
    return key(sha256.digest());
  }

  BlockKey next(BlockKey parent, int[] tokens, int from) {
    input.clear();
    input.putLong(parent.a()).putLong(parent.b()).putLong(parent.c()).putLong(parent.d());
    for (int i = from; i < from + blockTokens; i++) {
      input.putInt(tokens[i]);
    }
    return key(sha256.digest(input.array()));
  }

  private static BlockKey key(byte[] digest) {
    ByteBuffer words = ByteBuffer.wrap(digest);
    return new BlockKey(words.getLong(), words.getLong(), words.getLong(), words.getLong());
  }
}
