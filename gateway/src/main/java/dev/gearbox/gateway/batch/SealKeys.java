package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * The keys that files are sealed with: the first seals, and all open, so that a key is changed by
 * putting another before it. Each file gets a key of its own by HKDF-SHA256 (RFC 5869).
 */
final class SealKeys {
  static final int ID_BYTES = 8;
  private static final int KEY_BYTES = 32;
  private static final byte[] FILE = "gearbox file".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DATABASE = "gearbox database".getBytes(StandardCharsets.US_ASCII);

  private final List<byte[]> keys;

  private SealKeys(List<byte[]> keys) {
    this.keys = keys;
  }

  /**
   * Reads them.
   *
   * @param file each line the Base64 of 32 random bytes; {@code openssl rand -base64 32} makes one
   * @throws IOException when it cannot be read, or a line is something else
   */
  static SealKeys read(Path file) throws IOException {
    List<byte[]> keys = new ArrayList<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new IOException("cannot read security.encryption-key-file " + file, e);
    }
    for (String line : lines) {
      if (line.isBlank()) {
        continue;
      }
      byte[] key = decoded(line.strip());
      if (key.length != KEY_BYTES) {
        throw new IOException(
            file + ": a key is the Base64 of 32 bytes; openssl rand -base64 32 makes one");
      }
      keys.add(key);
    }
    if (keys.isEmpty()) {
      throw new IOException(file + " has no key; openssl rand -base64 32 makes one");
    }
    return new SealKeys(keys);
  }

  private static byte[] decoded(String line) {
    try {
      return Base64.getDecoder().decode(line);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  /** Which key seals: the beginning of its hash. */
  byte[] sealing() {
    return id(keys.getFirst());
  }

  /**
   * The key of a file.
   *
   * @param id of the key that sealed it
   * @param salt of the file
   * @throws IOException when that key is none of these
   */
  SecretKey of(byte[] id, byte[] salt, String name) throws IOException {
    for (byte[] key : keys) {
      if (MessageDigest.isEqual(id(key), id)) {
        return derived(key, salt, FILE);
      }
    }
    throw new IOException(
        name + " is sealed with a key that is not in security.encryption-key-file");
  }

  /** What the database's file is encrypted with. */
  String database() {
    return HexFormat.of().formatHex(derived(keys.getFirst(), new byte[0], DATABASE).getEncoded());
  }

  private static byte[] id(byte[] key) {
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key), ID_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static SecretKey derived(byte[] key, byte[] salt, byte[] what) {
    try {
      var extract = HKDFParameterSpec.ofExtract().addIKM(key);
      return KDF.getInstance("HKDF-SHA256")
          .deriveKey(
              "AES",
              (salt.length == 0 ? extract : extract.addSalt(salt)).thenExpand(what, KEY_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java 25 has HKDF", e);
    }
  }
}
