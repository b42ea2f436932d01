package dev.gearbox.gateway.records;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;

/**
 * The blocks of a record file. Each is a gzip member (RFC 1952) of JSON lines, so that the file is
 * one for gzip too; the checksum and length at a member's end show what is damaged, and the next
 * member's head where it goes on.
 *
 * <pre>
 *   1f 8b 08 00 00000000 00 ff │ deflated lines │ CRC-32 │ length   1f 8b 08 00 …
 * </pre>
 */
final class RecordBlocks {
  private static final byte[] HEAD = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
  private static final int TAIL = 8;
  private static final int MOST_BYTES = 1 << 28;

  private RecordBlocks() {}

  /** Takes the text of a block. */
  interface Sink {
    /** {@code text} of the block, or what is wrong with it, at this byte of the file. */
    void take(long at, String text);
  }

  /** A block of these lines. */
  static byte[] write(List<byte[]> lines) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      for (byte[] line : lines) {
        zip.write(line);
        zip.write('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static boolean begins(byte[] file) {
    return file.length > 2 && file[0] == HEAD[0] && file[1] == HEAD[1] && file[2] == HEAD[2];
  }

  /** Reads block after block; after a damaged one goes on where the next begins. */
  static void read(byte[] file, Sink block, Sink damaged) {
    int at = 0;
    while (at < file.length) {
      Inflater inflater = new Inflater(true);
      try {
        int end = one(file, at, inflater, block);
        at = end;
      } catch (DataFormatException e) {
        damaged.take(at, String.valueOf(e.getMessage()));
        at = next(file, at + 1);
      } finally {
        inflater.end();
      }
    }
  }

  private static int one(byte[] file, int at, Inflater inflater, Sink block)
      throws DataFormatException {
    int body = at + HEAD.length;
    if (body + TAIL > file.length) {
      throw new DataFormatException("the file ends within a block");
    }
    if (!Arrays.equals(file, at, body, HEAD, 0, HEAD.length)) {
      throw new DataFormatException("no block begins here");
    }
    inflater.setInput(file, body, file.length - body);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    byte[] piece = new byte[1 << 16];
    while (!inflater.finished()) {
      int count = inflater.inflate(piece);
      text.write(piece, 0, count);
      if (count == 0 && !inflater.finished()) {
        throw new DataFormatException("the file ends within a block");
      }
      if (text.size() > MOST_BYTES) {
        throw new DataFormatException("a block of more than " + MOST_BYTES + " bytes");
      }
    }
    int tail = body + Math.toIntExact(inflater.getBytesRead());
    if (tail + TAIL > file.length) {
      throw new DataFormatException("the file ends within a block");
    }
    byte[] bytes = text.toByteArray();
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ByteBuffer sums = ByteBuffer.wrap(file, tail, TAIL).order(ByteOrder.LITTLE_ENDIAN);
    if (sums.getInt() != (int) crc.getValue() || sums.getInt() != bytes.length) {
      throw new DataFormatException("the checksum of the block is wrong");
    }
    block.take(at, new String(bytes, StandardCharsets.UTF_8));
    return tail + TAIL;
  }

  private static int next(byte[] file, int from) {
    for (int at = from; at + HEAD.length <= file.length; at++) {
      if (Arrays.equals(file, at, at + HEAD.length, HEAD, 0, HEAD.length)) {
        return at;
      }
    }
    return file.length;
  }
}
