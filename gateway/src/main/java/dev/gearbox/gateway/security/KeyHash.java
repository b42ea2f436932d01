package dev.gearbox.gateway.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an API key: its SHA-256. Keys have 256 random bits, so nobody finds one by its
 * hash, and a slow hash would only slow requests down. Compared in constant time.
 */
public final class KeyHash {
  private static final String PREFIX = "sha256:";
  private static final int KEY_BYTES = 32;
  private static final int SHOWN = 8;

  private final byte[] digest;

  private KeyHash(byte[] digest) {
    this.digest = digest;
  }

  /**
   * As configured.
   *
   * @param written {@code sha256:} and 64 hexadecimal digits
   * @throws IllegalArgumentException when it is something else
   */
  public static KeyHash parse(String written) {
    String hex = written.startsWith(PREFIX) ? written.substring(PREFIX.length()) : written;
    if (!hex.matches("[0-9a-fA-F]{64}")) {
      throw new IllegalArgumentException(
          "a key is configured by its hash, sha256: and 64 hexadecimal digits; gearbox key new makes both");
    }
    return new KeyHash(HexFormat.of().parseHex(hex));
  }

  /** The hash of a key. */
  public static KeyHash of(String key) {
    try {
      return new KeyHash(
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** A key that nobody has: 256 random bits behind {@code gbx_}, by which scanners know leaks. */
  public static String newKey() {
    byte[] bytes = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(bytes);
    return "gbx_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Whose key this is: all are compared, each in constant time.
   *
   * @param hash of one of {@code known}
   */
  static <T> @Nullable T find(String key, List<T> known, Function<T, KeyHash> hash) {
    byte[] digest = of(key).digest;
    @Nullable T found = null;
    for (T each : known) {
      if (MessageDigest.isEqual(hash.apply(each).digest, digest)) {
        found = each;
      }
    }
    return found;
  }

  byte[] bytes() {
    return digest.clone();
  }

  /** Its beginning, by which people tell keys apart. */
  String shown() {
    return HexFormat.of().formatHex(digest).substring(0, SHOWN);
  }

  /** As it is configured. */
  @Override
  public String toString() {
    return PREFIX + HexFormat.of().formatHex(digest);
  }
}
