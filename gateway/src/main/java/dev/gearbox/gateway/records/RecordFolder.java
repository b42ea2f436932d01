package dev.gearbox.gateway.records;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Numbered record files in a folder, of which the oldest go so that all together stay within a
 * size. A process never writes into a file of another one's: that may end within a block. Writing
 * is confined to one thread; the list of files is not.
 */
final class RecordFolder implements AutoCloseable {
  private static final Pattern NAME = Pattern.compile("decisions-(\\d{9})\\.jsonl\\.gz");
  private static final int FILES = 8;
  private static final long LARGEST = 64L << 20;

  private record Kept(Path file, long bytes) {}

  private final Path folder;
  private final long maxBytes;
  private final FileChannel lockFile;
  private final Deque<Kept> kept = new ArrayDeque<>();
  private long next = 1;
  private long total;
  private @Nullable FileChannel open;
  private Path file;
  private long size;

  /**
   * Takes the folder for this process, making it when there is none.
   *
   * @throws IOException when it cannot be written to, or another process has it
   */
  RecordFolder(Path folder, long maxBytes) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.maxBytes = maxBytes;
    this.file = folder;
    this.lockFile =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (lock() == null) {
      lockFile.close();
      throw new IOException("another process keeps its decision records in " + folder);
    }
    for (Path each : files(folder)) {
      Matcher name = NAME.matcher(each.getFileName().toString());
      if (name.matches()) {
        next = Math.max(next, Long.parseLong(name.group(1)) + 1);
      }
      keep(each, Files.size(each));
    }
  }

  private @Nullable FileLock lock() throws IOException {
    try {
      return lockFile.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by this process itself
    }
  }

  /** The record files of a folder, oldest first. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return new ArrayList<>(
          all.filter(each -> NAME.matcher(each.getFileName().toString()).matches())
              .sorted()
              .toList());
    }
  }

  /** Bytes in all files. */
  long bytes() {
    return total + size;
  }

  /** Appends a block, in a new file when the present one is full. */
  void append(byte[] block) throws IOException {
    if (open != null && size + block.length > Math.min(LARGEST, maxBytes / FILES)) {
      finish();
    }
    while (!kept.isEmpty() && bytes() + block.length > maxBytes) {
      Kept oldest = kept.removeFirst();
      total -= oldest.bytes;
      Files.deleteIfExists(oldest.file);
    }
    FileChannel to = open;
    if (to == null) {
      file = folder.resolve("decisions-%09d.jsonl.gz".formatted(next++));
      to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      open = to;
    }
    ByteBuffer bytes = ByteBuffer.wrap(block);
    while (bytes.hasRemaining()) {
      size += to.write(bytes);
    }
  }

  /** Ends the present file, which may end within a block; the next block begins another. */
  void finish() throws IOException {
    FileChannel ended = open;
    if (ended == null) {
      return;
    }
    open = null;
    keep(file, size);
    size = 0;
    try (ended) {
      ended.force(false);
    }
  }

  private void keep(Path ended, long bytes) {
    kept.addLast(new Kept(ended, bytes));
    total += bytes;
  }

  @Override
  public void close() throws IOException {
    try (lockFile) {
      finish();
    }
  }
}
