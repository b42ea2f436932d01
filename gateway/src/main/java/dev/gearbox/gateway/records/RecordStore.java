package dev.gearbox.gateway.records;

import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.telemetry.meter.RecordMeters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decision records on disk. One thread writes what comes through a bounded queue, in blocks of a
 * second's records; what finds the queue full is dropped and counted, so nobody who decides ever
 * waits for a disk. Another thread looks for records. Thread-safe.
 */
public final class RecordStore implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RecordStore.class.getName());
  private static final Pattern ID = Pattern.compile("dec-[0-9a-f]{20}");
  private static final int TIME_DIGITS = 12;
  private static final int QUEUED = 4096;
  private static final int BLOCK = 256;
  private static final int SEARCHES_WAITING = 16;
  private static final Duration GATHER = Duration.ofSeconds(1);
  private static final long SLICE_MILLIS = 100;
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  private final Path path;
  private final RecordFolder folder;
  private final RecordMeters meters;
  private final ArrayBlockingQueue<DecisionRecord> queue = new ArrayBlockingQueue<>(QUEUED);
  private final Thread writer;
  private final ThreadPoolExecutor searches =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(SEARCHES_WAITING),
          Thread.ofPlatform().daemon().name("gearbox-record-search").factory());
  private volatile boolean closing;
  private boolean failing;

  /**
   * Takes a folder for the records of this process.
   *
   * @param path of the folder, made when there is none
   * @param maxBytes of all record files; the oldest go
   * @param meters count what was written and what was dropped
   * @throws IOException when the folder cannot be had
   */
  public RecordStore(Path path, long maxBytes, RecordMeters meters) throws IOException {
    this.path = path;
    this.folder = new RecordFolder(path, maxBytes);
    this.meters = meters;
    meters.bytes(folder.bytes());
    writer = Thread.ofPlatform().daemon().name("gearbox-records").start(this::write);
  }

  /** Keeps a record, unless too many wait. Never blocks. */
  public void keep(DecisionRecord record) {
    if (closing || !queue.offer(record)) {
      meters.dropped("queue");
    }
  }

  /**
   * Looks a record up in the files.
   *
   * @return the record, empty when there is none of that id; fails with {@link
   *     RejectedExecutionException} when many are being looked for
   */
  public CompletableFuture<Optional<DecisionRecord>> find(String id) {
    if (!ID.matcher(id).matches()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    try {
      return CompletableFuture.supplyAsync(() -> Optional.ofNullable(search(id)), searches);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private @Nullable DecisionRecord search(String id) {
    try {
      for (Path file : likelyFirst(id)) {
        DecisionRecord found = search(file, id);
        if (found != null) {
          return found;
        }
      }
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An id begins with the time of its decision, and no file ends before what is in it. */
  private List<Path> likelyFirst(String id) throws IOException {
    Instant decided = Instant.ofEpochMilli(Long.parseLong(id.substring(4, 4 + TIME_DIGITS), 16));
    List<Path> likely = new ArrayList<>();
    List<Path> others = new ArrayList<>(); // of a time when the clock went otherwise
    for (Path file : RecordFolder.files(path)) {
      try {
        boolean later = !Files.getLastModifiedTime(file).toInstant().isBefore(decided);
        (later ? likely : others).add(file);
      } catch (NoSuchFileException gone) {
        others.add(file); // the oldest go at any time
      }
    }
    likely.addAll(others.reversed());
    return likely;
  }

  private static @Nullable DecisionRecord search(Path file, String id) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException gone) {
      return null;
    }
    List<DecisionRecord> found = new ArrayList<>(1);
    RecordBlocks.read(
        bytes,
        (at, text) -> {
          if (text.contains(id)) {
            text.lines()
                .filter(line -> line.contains(id))
                .map(line -> RecordJson.read(RecordJson.parse(line)))
                .filter(each -> each.id().equals(id))
                .forEach(found::add);
          }
        },
        (at, what) ->
            LOG.log(
                System.Logger.Level.WARNING,
                "event=record_file_damaged file=%s byte=%d problem=\"%s\""
                    .formatted(file, at, what)));
    return found.isEmpty() ? null : found.getFirst();
  }

  private void write() {
    List<DecisionRecord> batch = new ArrayList<>(BLOCK);
    try {
      while (!closing) {
        gather(batch);
        flush(batch);
      }
      while (queue.drainTo(batch, BLOCK) > 0) {
        flush(batch);
      }
      folder.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "event=record_folder_close_failed", e);
    }
  }

  /** Takes up to a block of records, which together are much smaller than each alone. */
  private void gather(List<DecisionRecord> batch) throws InterruptedException {
    long end = System.nanoTime() + GATHER.toNanos();
    while (batch.size() < BLOCK && !closing && System.nanoTime() - end < 0) {
      // In slices, as whoever closes may not interrupt: that would close the file.
      DecisionRecord first = queue.poll(SLICE_MILLIS, TimeUnit.MILLISECONDS);
      if (first != null) {
        batch.add(first);
        queue.drainTo(batch, BLOCK - batch.size());
      }
    }
  }

  private void flush(List<DecisionRecord> batch) {
    if (batch.isEmpty()) {
      return;
    }
    try {
      folder.append(RecordBlocks.write(batch.stream().map(RecordJson::write).toList()));
      meters.written(batch.size());
      meters.bytes(folder.bytes());
      failing = false;
    } catch (IOException | RuntimeException e) {
      batch.forEach(each -> meters.dropped("disk"));
      failed(e);
    }
    batch.clear();
  }

  private void failed(Exception why) {
    if (!failing) {
      LOG.log(
          System.Logger.Level.WARNING,
          "event=records_not_written folder=%s problem=\"%s\"".formatted(path, why));
    }
    failing = true;
    try {
      folder.finish();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "event=record_file_not_finished", e);
    }
  }

  /** Writes what is queued and gives the folder back. */
  @Override
  public void close() {
    closing = true;
    searches.shutdownNow();
    try {
      writer.join(LAST_WORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
