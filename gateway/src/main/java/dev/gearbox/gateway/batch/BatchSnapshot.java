package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A copy of the database of batches, as of one moment: for backups. */
public final class BatchSnapshot {
  private static final String DATABASE = "batches.mv.db";

  private BatchSnapshot() {}

  /** Copies the database. */
  @FunctionalInterface
  public interface Source {
    /** Puts it into a folder. */
    void copy(Path into) throws IOException, InterruptedException;
  }

  /** Whether a folder has a database that a running gateway has open. */
  public static boolean isOpen(Path folder) throws IOException {
    Path file = folder.resolve(DATABASE);
    if (!Files.exists(file)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      // Given back when the channel closes.
      FileLock lock = channel.tryLock();
      return lock == null;
    }
  }

  /**
   * Refuses while a gateway has the database.
   *
   * @throws IOException when one has
   */
  public static void requireClosed(Path folder) throws IOException {
    if (isOpen(folder)) {
      throw new IOException("a gateway that runs has the batches in " + folder + "; stop it first");
    }
  }

  /** Copies the database of a folder that no gateway has open. */
  public static void copyClosed(Path folder, Path into) throws IOException {
    Path file = folder.resolve(DATABASE);
    if (Files.exists(file)) {
      Files.copy(file, into.resolve(DATABASE));
    }
  }

  /** Unpacks what {@link Batches#snapshot} gave. */
  public static void unpack(InputStream zipped, Path into) throws IOException {
    try (ZipInputStream zip = new ZipInputStream(zipped)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().equals(DATABASE)) {
          Files.copy(zip, into.resolve(DATABASE));
        }
      }
    }
    if (!Files.exists(into.resolve(DATABASE))) {
      throw new IOException("the gateway's copy of its batches has no " + DATABASE);
    }
  }
}
