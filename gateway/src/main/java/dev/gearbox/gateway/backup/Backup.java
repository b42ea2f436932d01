package dev.gearbox.gateway.backup;

import dev.gearbox.gateway.batch.BatchSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Copies what a gateway keeps into a folder, also while it runs:
 *
 * <pre>
 * manifest.json          what follows, with SHA-256
 * policy/0/night.drl     files of the first rule file or pattern that is configured
 * records/…              blocks of decision records; a block that is being written is cut off
 * batches/batches.mv.db  what is known of files and batches, at one moment
 * batches/files/…        contents; of answers that are being written, those until that moment or later
 * </pre>
 *
 * The database comes first: contents that are ahead of it are what a crash leaves too, and a
 * gateway goes on from there.
 */
public final class Backup {
  private static final int TRIES = 5;

  private final KeptPlaces places;
  private final BatchSnapshot.Source database;
  private final InstantSource time;

  /**
   * A copy of what lies at {@code places}.
   *
   * @param database copies the database of batches
   */
  public Backup(KeptPlaces places, BatchSnapshot.Source database, InstantSource time) {
    this.places = places;
    this.database = database;
    this.time = time;
  }

  /**
   * Makes the copy.
   *
   * @param folder new; it appears when the copy is whole
   * @return files in it
   * @throws IOException when the folder is there already, or something cannot be read or written;
   *     then nothing is left behind
   */
  public int into(Path folder) throws IOException, InterruptedException {
    Path target = folder.toAbsolutePath();
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(folder + " is there already; name a folder that is not");
    }
    Path part = target.resolveSibling(target.getFileName() + ".part");
    delete(part);
    try {
      Files.createDirectories(part);
      policy(part);
      Path records = places.records();
      if (records != null && Files.isDirectory(records)) {
        copyAll(records, part.resolve("records"));
      }
      batches(part.resolve("batches"));
      int files =
          Manifest.write(part, time.instant().truncatedTo(ChronoUnit.SECONDS).toString())
              .files()
              .size();
      move(part, target);
      return files;
    } finally {
      delete(part);
    }
  }

  private void policy(Path part) throws IOException {
    List<Path> rules = places.rules();
    for (int i = 0; i < rules.size(); i++) {
      Path into = part.resolve("policy").resolve(Integer.toString(i));
      Files.createDirectories(into);
      Path folder = rules.get(i).getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw new NoSuchFileException(rules.get(i).toString());
      }
      try (DirectoryStream<Path> found =
          Files.newDirectoryStream(folder, String.valueOf(rules.get(i).getFileName()))) {
        for (Path file : found) {
          copy(file, into.resolve(file.getFileName()));
        }
      }
    }
  }

  /** A file that is deleted meanwhile was in the database: both once more. */
  private void batches(Path into) throws IOException, InterruptedException {
    if (!Files.isDirectory(places.batches())) {
      return;
    }
    for (int attempt = 1; ; attempt++) {
      try {
        delete(into);
        Files.createDirectories(into);
        database.copy(into);
        Path files = places.batches().resolve("files");
        if (Files.isDirectory(files)) {
          copyAll(files, into.resolve("files"));
        }
        return;
      } catch (NoSuchFileException e) {
        if (attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  /** Regular files of a folder; what is being uploaded is nobody's yet. */
  private static void copyAll(Path from, Path into) throws IOException {
    Files.createDirectories(into);
    try (DirectoryStream<Path> found = Files.newDirectoryStream(from)) {
      for (Path file : found) {
        if (Files.isRegularFile(file) && !file.toString().endsWith(".part")) {
          copy(file, into.resolve(file.getFileName()));
        }
      }
    }
  }

  /** What is there at the beginning; a file that grows meanwhile has no end else. */
  private static void copy(Path from, Path to) throws IOException {
    long left = Files.size(from);
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(from);
        OutputStream out = Files.newOutputStream(to)) {
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          break;
        }
        out.write(buffer, 0, read);
        left -= read;
      }
    }
  }

  static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to);
    }
  }

  /** Removes a file or a folder with all that is in it, if it is there. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
