package dev.gearbox.format.gguf;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: it is written beside its target as {@code TARGET.part},
 * forced to disk and renamed by {@link #keep}. Closed before that, or with the program interrupted,
 * nothing is left of it and what stood at the target is untouched. Not thread-safe.
 */
public final class WholeFile implements AutoCloseable {
  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final Thread hook;

  /**
   * Begins a file.
   *
   * @param bytes that it is going to take
   * @throws IOException when it cannot be written there, or the disk has no room for it
   */
  public WholeFile(Path target, long bytes) throws IOException {
    this.target = target;
    part = target.resolveSibling(target.getFileName() + ".part");
    Path folder = part.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    long room = Files.getFileStore(folder).getUsableSpace();
    if (bytes > room) {
      throw new IOException(
          "the file needs %d MB and the disk has %d MB left"
              .formatted(Math.ceilDiv(bytes, 1_000_000L), room / 1_000_000));
    }
    // A kill by a signal runs no finally.
    hook = new Thread(() -> part.toFile().delete(), "gearbox-part");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      channel =
          FileChannel.open(
              part,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING);
    } catch (IOException e) {
      forget();
      throw e;
    }
  }

  /** Where to write. */
  public FileChannel channel() {
    return channel;
  }

  /** Makes it appear at its target, replacing what is there at once. */
  public void keep() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      Files.deleteIfExists(part);
      forget();
    }
  }

  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The program is going down and the hook does its work.
    }
  }
}
