package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.TokenIds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which prompts went to which engine elsewhere, so that the next with the same beginning may follow
 * them. A block of a prompt is known by a hash over its tokens, everything before them and the
 * tenant's salt, like blocks of KV memory are; the latest of each engine are kept. Thread-safe.
 */
public final class PrefixRecord {
  /** Tokens of a block: four of those that servers usually have. */
  static final int BLOCK = 64;

  private static final int BLOCKS_PER_ENGINE = 16_384;
  private static final long PRIME = 0x9E3779B97F4A7C15L;

  private final Map<String, Blocks> engines = new HashMap<>();
  private final MessageDigest sha256 = sha256();
  private final byte[] secret = secret();

  private static final class Blocks extends LinkedHashMap<Long, Boolean> {
    private static final long serialVersionUID = 1;

    Blocks() {
      super(64, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
      return size() > BLOCKS_PER_ENGINE;
    }
  }

  /** The prompts went to {@code engine}, which holds them from here on. */
  public synchronized void sent(String engine, String salt, List<TokenIds> prompts) {
    Blocks blocks = engines.computeIfAbsent(engine, id -> new Blocks());
    for (TokenIds prompt : prompts) {
      long hash = root(salt);
      for (int from = 0; from + BLOCK <= prompt.size(); from += BLOCK) {
        hash = next(hash, prompt, from);
        blocks.put(hash, true);
      }
    }
  }

  /** Tokens of the prompts that {@code engine} should hold, as far as they went there before. */
  public synchronized int held(String engine, String salt, List<TokenIds> prompts) {
    Blocks blocks = engines.get(engine);
    if (blocks == null) {
      return 0;
    }
    int tokens = 0;
    for (TokenIds prompt : prompts) {
      long hash = root(salt);
      for (int from = 0; from + BLOCK <= prompt.size(); from += BLOCK) {
        hash = next(hash, prompt, from);
        if (blocks.get(hash) == null) {
          break;
        }
        tokens += BLOCK;
      }
    }
    return tokens;
  }

  /** The engine was lost, and what it held with it. */
  public synchronized void lost(String engine) {
    engines.remove(engine);
  }

  /**
   * Where the hashes of a tenant begin. With a secret in it, or a tenant that may choose its salt
   * or its tokens could make hashes of another's, and learn from predictions what that one asked.
   */
  private long root(String salt) {
    sha256.update(secret);
    return ByteBuffer.wrap(sha256.digest(salt.getBytes(StandardCharsets.UTF_8))).getLong();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] secret() {
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    return secret;
  }

  private static long next(long hash, TokenIds prompt, int from) {
    long mixed = hash;
    for (int i = from; i < from + BLOCK; i++) {
      mixed = (mixed ^ prompt.get(i)) * PRIME;
      mixed ^= mixed >>> 29;
    }
    return mixed;
  }
}
