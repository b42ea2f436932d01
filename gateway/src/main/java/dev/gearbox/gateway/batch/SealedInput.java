package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * What was sealed, piece by piece: none is given out before its tag was found right, and that of
 * the piece after it, so that nobody has all of a file whose end is damaged.
 */
final class SealedInput extends InputStream {
  private static final int FRAME = 4 + SealedFile.NONCE_BYTES + SealedFile.TAG_BYTES;

  private final FileChannel channel;
  private final Pieces pieces;
  private final boolean whole;
  private byte[] piece = {};
  private int at;
  private byte @Nullable [] ahead;

  /**
   * Opens one.
   *
   * @param whole whether it must have its end
   */
  SealedInput(Path file, String name, SealKeys keys, boolean whole) throws IOException {
    this.channel = FileChannel.open(file, StandardOpenOption.READ);
    this.whole = whole;
    try {
      this.pieces = new Pieces(channel, name, keys);
      this.ahead = next();
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** The pieces of a channel, from behind its header on. */
  static final class Pieces {
    private final FileChannel channel;
    private final String name;
    private final SecretKey key;
    private long number;
    private boolean last;

    Pieces(FileChannel channel, String name, SealKeys keys) throws IOException {
      this.channel = channel;
      this.name = name;
      ByteBuffer header = ByteBuffer.allocate(SealedFile.HEADER);
      byte[] magic = new byte[SealedFile.MAGIC.length];
      if (readFully(channel, header)) {
        header.flip().get(magic);
      }
      if (!Arrays.equals(magic, SealedFile.MAGIC)) {
        throw new IOException(
            name + " is not sealed: it is from before security.encryption-key-file was configured");
      }
      byte[] id = new byte[SealKeys.ID_BYTES];
      byte[] salt = new byte[SealedFile.SALT_BYTES];
      header.get(id).get(salt);
      this.key = keys.of(id, salt, name);
    }

    SecretKey key() {
      return key;
    }

    /** Whether the latest piece said that nothing follows. */
    boolean isLast() {
      return last;
    }

    /**
     * The next piece; null where no whole one is left.
     *
     * @throws IOException when it is damaged
     */
    byte @Nullable [] next() throws IOException {
      ByteBuffer head = ByteBuffer.allocate(4 + SealedFile.NONCE_BYTES);
      if (!readFully(channel, head)) {
        return null;
      }
      int written = head.flip().getInt();
      int length = written & ~SealedFile.LAST;
      if (length > SealedFile.MOST) {
        throw damaged(null);
      }
      if (length + SealedFile.TAG_BYTES > channel.size() - channel.position()) {
        return null;
      }
      byte[] nonce = new byte[SealedFile.NONCE_BYTES];
      head.get(nonce);
      ByteBuffer sealed = ByteBuffer.allocate(length + SealedFile.TAG_BYTES);
      if (!readFully(channel, sealed)) {
        return null;
      }
      try {
        boolean says = written < 0;
        byte[] plain =
            SealedFile.cipher(Cipher.DECRYPT_MODE, key, nonce, name, number, says)
                .doFinal(sealed.array());
        last = says;
        number++;
        return plain;
      } catch (GeneralSecurityException e) {
        throw damaged(e);
      }
    }

    private IOException damaged(@Nullable Exception e) {
      return new IOException(name + " is damaged at piece " + number, e);
    }
  }

  private static boolean readFully(FileChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Bytes that were written to a file, by the lengths in it. */
  static long size(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = 0;
      ByteBuffer length = ByteBuffer.allocate(4);
      for (long at = SealedFile.HEADER; at + FRAME <= channel.size(); ) {
        channel.read(length.clear(), at);
        int piece = length.getInt(0) & ~SealedFile.LAST;
        size += piece;
        at += FRAME + (long) piece;
      }
      return size;
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int most) throws IOException {
    while (at == piece.length && ahead != null) {
      byte[] found = ahead;
      ahead = next();
      piece = found;
      at = 0;
    }
    if (at == piece.length) {
      return -1;
    }
    int given = Math.min(most, piece.length - at);
    System.arraycopy(piece, at, into, from, given);
    at += given;
    return given;
  }

  private byte @Nullable [] next() throws IOException {
    if (pieces.isLast()) {
      return null;
    }
    byte[] next = pieces.next();
    if (next == null && whole) {
      throw new IOException("the file is cut short: its end is missing");
    }
    return next;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
