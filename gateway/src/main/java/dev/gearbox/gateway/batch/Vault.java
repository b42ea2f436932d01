package dev.gearbox.gateway.batch;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * How the files of batches lie on the disk: as they are, or sealed, so that who has the disk has
 * neither questions nor answers. Thread-safe; a sink is for one thread.
 *
 * @param keys null for files as they are
 */
record Vault(@Nullable SealKeys keys) {
  static final Vault PLAIN = new Vault(null);

  /** A file that grows. */
  interface Sink extends Closeable {
    /** Adds all of these bytes; what a crash tears of one call is gone as a whole. */
    void write(byte[] bytes) throws IOException;

    /** Says that nothing follows. */
    void finish() throws IOException;

    /** What was written is on the disk when this returns. */
    void force() throws IOException;
  }

  boolean isSealed() {
    return keys != null;
  }

  /** A new file. */
  Sink create(Path file) throws IOException {
    return keys == null ? new Plain(open(file)) : SealedFile.create(open(file), name(file), keys);
  }

  /**
   * A file that may be there already, to be gone on with behind its last whole line.
   *
   * @throws IOException when what is there was not written with these keys
   */
  Sink append(Path file) throws IOException {
    FileChannel channel = open(file);
    try {
      return keys == null
          ? new Plain(channel.position(PlainLines.cut(channel)))
          : SealedFile.append(channel, name(file), keys);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /**
   * The bytes as they were written.
   *
   * @param whole whether the file must have its end
   * @throws IOException also while reading, when it is damaged or cut short
   */
  InputStream read(Path file, boolean whole) throws IOException {
    return keys == null ? PlainLines.read(file) : new SealedInput(file, name(file), keys, whole);
  }

  /** How many bytes were written. */
  long size(Path file) throws IOException {
    return keys == null ? Files.size(file) : SealedInput.size(file);
  }

  /** The names of the files in a folder are on the disk when this returns. */
  static void forceNames(Path folder) throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }

  /** An upload has the name that it will have from the start on. */
  private static String name(Path file) {
    return file.getFileName().toString().replaceFirst("\\.part$", "");
  }

  private record Plain(FileChannel channel) implements Sink {
    @Override
    public void write(byte[] bytes) throws IOException {
      SealedFile.writeAll(channel, java.nio.ByteBuffer.wrap(bytes));
    }

    @Override
    public void finish() {
      // Its length says it.
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
}
