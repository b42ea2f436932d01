package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.FetchException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The files that a command of the workshop reads and writes, checked before any work is done. */
final class WorkFiles {
  private WorkFiles() {}

  /**
   * Weights named by a file or by a variant of the catalog, which is fetched when it is not here.
   */
  static Path weights(String named, Screen screen) throws FetchException, InterruptedException {
    return new WeightsOption().resolve(named, screen);
  }

  /**
   * Where to write.
   *
   * @throws IOException when that is no place for a file, or one of the files that are read
   */
  static Path output(String named, Path... read) throws IOException {
    Path out = Path.of(named);
    Path folder = out.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    if (Files.isDirectory(out)) {
      throw new IllegalArgumentException(out + " is a folder; name a file");
    }
    for (Path each : read) {
      if (Files.exists(out) && Files.isSameFile(out, each)) {
        throw new IllegalArgumentException(out + " is what is read; name another file");
      }
    }
    return out;
  }
}
