package dev.gearbox.workshop;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * Weights that are not whole yet: a hidden file, and beside it a note that says which source its
 * bytes are from and how many of them are complete pieces. Confined to whoever holds the lock of
 * the weights.
 *
 * <pre>
 *   .NAME.part         the bytes
 *   .NAME.part.from    source, complete packages, bytes of those; one a line
 * </pre>
 */
final class PartialFile {
  private final Path file;
  private final Path from;

  /** Where to go on: {@code pieces} are complete and take {@code bytes}. */
  record Resume(int pieces, long bytes) {}

  PartialFile(Path target) {
    Path name = target.getFileName();
    this.file = target.resolveSibling("." + name + ".part");
    this.from = target.resolveSibling("." + name + ".part.from");
  }

  Path file() {
    return file;
  }

  /** Bytes on disk, whatever they are from. */
  long size() throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  /** Bytes that {@code source} need not give again. */
  long bytesFrom(String source) throws IOException {
    return noted(source).isPresent() ? size() : 0;
  }

  /** Where {@code source} can go on; bytes of another source are thrown away. */
  Resume begin(String source) throws IOException {
    Optional<Resume> noted = noted(source);
    if (noted.isPresent()) {
      return noted.get();
    }
    delete();
    complete(source, 0, 0);
    return new Resume(0, 0);
  }

  /** What the note says about {@code source}; one that was torn by a crash counts as none. */
  private Optional<Resume> noted(String source) throws IOException {
    if (!Files.exists(from) || !Files.exists(file)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(from);
    boolean whole =
        lines.size() == 3 && lines.get(1).matches("\\d+") && lines.get(2).matches("\\d+");
    return whole && lines.getFirst().equals(source)
        ? Optional.of(new Resume(Integer.parseInt(lines.get(1)), Long.parseLong(lines.get(2))))
        : Optional.empty();
  }

  /** Notes that the first {@code bytes} are {@code pieces} complete pieces. */
  void complete(String source, int pieces, long bytes) throws IOException {
    Files.writeString(from, source + "\n" + pieces + "\n" + bytes + "\n");
  }

  /** Writes after the first {@code at} bytes; what stood behind them is cut off. */
  OutputStream writeAt(long at) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    channel.truncate(at);
    channel.position(at);
    return Channels.newOutputStream(channel);
  }

  void delete() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(from);
  }

  /** Forgets the note; the file itself was moved away. */
  void moved() throws IOException {
    Files.deleteIfExists(from);
  }
}
