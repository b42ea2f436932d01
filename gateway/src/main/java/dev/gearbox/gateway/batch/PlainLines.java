package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Files of lines as they are. */
final class PlainLines {
  private PlainLines() {}

  /** Cuts off what is behind the last whole line; the bytes that are left. */
  static long cut(FileChannel channel) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    long size = channel.size();
    for (; size > 0; size--) {
      one.clear();
      channel.read(one, size - 1);
      if (one.get(0) == '\n') {
        break;
      }
    }
    channel.truncate(size);
    return size;
  }

  /** The file's bytes, unless it is a sealed one. */
  static InputStream read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      if (Arrays.equals(in.readNBytes(SealedFile.MAGIC.length), SealedFile.MAGIC)) {
        throw new IOException(
            file.getFileName() + " is sealed, and security.encryption-key-file is not configured");
      }
    }
    return Files.newInputStream(file);
  }
}
