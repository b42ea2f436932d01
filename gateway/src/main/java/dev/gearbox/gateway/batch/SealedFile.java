package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * A file whose pieces are encrypted one by one with AES-256-GCM, so that it can grow, is read as a
 * stream, and shows what was changed, moved, left out or cut off.
 *
 * <pre>
 *   magic 8 | key's id 8 | salt 32
 *   piece 0: length 4 | nonce 12 | ciphertext | tag 16
 *   piece 1: …
 *   last:    length 4, sign bit set | nonce 12 | ciphertext, mostly empty | tag 16
 * </pre>
 *
 * The key is of this file alone (HKDF with its salt); nonces are random, which for 2³² pieces of
 * one key is safe. What a tag covers beside its piece: the file's name, the number of the piece,
 * and whether it is the last. Not thread-safe.
 */
final class SealedFile implements Vault.Sink {
  static final byte[] MAGIC = "GBXSEAL1".getBytes(StandardCharsets.US_ASCII);
  static final int SALT_BYTES = 32;
  static final int NONCE_BYTES = 12;
  static final int TAG_BYTES = 16;
  static final int HEADER = MAGIC.length + SealKeys.ID_BYTES + SALT_BYTES;
  static final int LAST = 1 << 31;
  static final int MOST = 64 << 20;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final FileChannel channel;
  private final String name;
  private final SecretKey key;
  private long number;
  private boolean finished;

  private SealedFile(FileChannel channel, String name, SecretKey key, long number) {
    this.channel = channel;
    this.name = name;
    this.key = key;
    this.number = number;
  }

  static SealedFile create(FileChannel channel, String name, SealKeys keys) throws IOException {
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    channel.truncate(0);
    ByteBuffer header = ByteBuffer.allocate(HEADER).put(MAGIC).put(keys.sealing()).put(salt);
    writeAll(channel, header.flip());
    return new SealedFile(channel, name, keys.of(keys.sealing(), salt, name), 0);
  }

  /** Behind the last piece that is whole; the mark of the end is taken away. */
  static SealedFile append(FileChannel channel, String name, SealKeys keys) throws IOException {
    if (channel.size() < HEADER) {
      // A crash came before anything was in it.
      return create(channel, name, keys);
    }
    SealedInput.Pieces pieces = new SealedInput.Pieces(channel.position(0), name, keys);
    long end = HEADER;
    long number = 0;
    while (whole(pieces, channel) && !pieces.isLast()) {
      end = channel.position();
      number++;
    }
    channel.truncate(end).position(end);
    return new SealedFile(channel, name, pieces.key(), number);
  }

  /** A last piece that is damaged was torn by a crash; one before it was not. */
  private static boolean whole(SealedInput.Pieces pieces, FileChannel channel) throws IOException {
    try {
      return pieces.next() != null;
    } catch (IOException e) {
      if (channel.position() < channel.size()) {
        throw e;
      }
      return false;
    }
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    if (finished || bytes.length > MOST) {
      throw new IOException(name + " takes no more, or no piece of " + bytes.length + " bytes");
    }
    piece(bytes, false);
  }

  @Override
  public void finish() throws IOException {
    if (!finished) {
      piece(new byte[0], true);
      finished = true;
    }
  }

  private void piece(byte[] plain, boolean last) throws IOException {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, name, number, last);
      ByteBuffer out = ByteBuffer.allocate(4 + NONCE_BYTES + plain.length + TAG_BYTES);
      out.putInt(last ? plain.length | LAST : plain.length).put(nonce);
      cipher.doFinal(ByteBuffer.wrap(plain), out);
      writeAll(channel, out.flip());
      number++;
    } catch (GeneralSecurityException e) {
      throw new IOException(name + " cannot be sealed: " + e.getMessage(), e);
    }
  }

  static Cipher cipher(
      int mode, SecretKey key, byte[] nonce, String name, long number, boolean last)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(8 * TAG_BYTES, nonce));
    byte[] called = name.getBytes(StandardCharsets.UTF_8);
    cipher.updateAAD(
        ByteBuffer.allocate(9 + called.length)
            .putLong(number)
            .put((byte) (last ? 1 : 0))
            .put(called)
            .flip());
    return cipher;
  }

  static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void force() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
