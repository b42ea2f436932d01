package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batch.Status;
import dev.gearbox.gateway.config.BatchConfig;
import dev.gearbox.telemetry.meter.BatchMeters;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files and batches of all tenants; each sees its own. What did not end goes on after a start. The
 * folder is made with the first file, so that whoever has no batches has no folder. Thread-safe;
 * every call may wait for the disk.
 */
public final class Batches implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Batches.class);
  private static final Pattern WINDOW = Pattern.compile("(\\d{1,5})([smhd])");
  private static final Map<String, Duration> UNITS =
      Map.of(
          "s",
          Duration.ofSeconds(1),
          "m",
          Duration.ofMinutes(1),
          "h",
          Duration.ofHours(1),
          "d",
          Duration.ofDays(1));
  private static final Duration LONGEST = Duration.ofDays(31);
  private static final List<String> ENDPOINTS = List.of("/v1/chat/completions", "/v1/completions");

  private final BatchConfig config;
  private final BatchQueue queue;
  private final InstantSource time;
  private final BatchRuns runs;
  private final Vault vault;
  private @Nullable BatchStore store;
  private boolean closed;

  /** What a client asks for. */
  public record Wanted(
      String inputFile, String endpoint, String window, Map<String, String> metadata) {}

  public Batches(BatchConfig config, BatchQueue queue, InstantSource time, BatchMeters meters) {
    this(config, Vault.PLAIN, queue, time, meters);
  }

  /**
   * The same, sealed on the disk.
   *
   * @param keys file of the keys
   * @throws IOException when it cannot be used
   */
  public static Batches sealed(
      BatchConfig config, Path keys, BatchQueue queue, InstantSource time, BatchMeters meters)
      throws IOException {
    return new Batches(config, new Vault(SealKeys.read(keys)), queue, time, meters);
  }

  private Batches(
      BatchConfig config, Vault vault, BatchQueue queue, InstantSource time, BatchMeters meters) {
    this.vault = vault;
    this.config = config;
    this.queue = queue;
    this.time = time;
    this.runs = new BatchRuns(config, files(), vault, queue, time, meters);
  }

  /** Goes on with what an earlier process left, if there is anything; in the background. */
  public void resume() {
    if (!Files.isDirectory(config.folder())) {
      return;
    }
    Thread.ofVirtual()
        .name("gearbox-batches")
        .start(() -> {
          try {
            store();
          } catch (IOException e) {
            LOG.warn("event=batches-not-opened reason=\"{}\"", e.getMessage());
          }
        });
  }

  /** The database, opened when it is first asked for. */
  private synchronized BatchStore store() throws IOException {
    BatchStore open = store;
    if (open != null) {
      return open;
    }
    if (closed) {
      throw new IOException("the server is shutting down");
    }
    Files.createDirectories(files());
    open = BatchStore.open(config.folder(), vault);
    store = open;
    for (Batch each : open.unfinished()) {
      runs.start(each, open);
    }
    return open;
  }

  /** The database as it is at this moment, zipped. Blocks on the disk. */
  public byte[] snapshot() throws IOException {
    Path zip = Files.createTempFile("gearbox-batches", ".zip");
    try {
      store().copy(zip);
      return Files.readAllBytes(zip);
    } finally {
      Files.delete(zip);
    }
  }

  private Path files() {
    return config.folder().resolve("files");
  }

  /** Bytes of a file at most. */
  public long maxBytes() {
    return config.maxFile().bytes();
  }

  /** A place for the bytes of a file that is being uploaded. */
  public Upload upload() throws IOException {
    store();
    String id = fresh("file-");
    Path part = files().resolve(id + ".part");
    return new Upload(id, part, vault.create(part));
  }

  /** Bytes on their way to the disk. Not thread-safe. */
  public static final class Upload implements AutoCloseable {
    private static final int PIECE = 64 * 1024;

    private final String id;
    private final Path part;
    private final Vault.Sink sink;
    private final byte[] piece = new byte[PIECE];
    private int filled;
    private long bytes;

    Upload(String id, Path part, Vault.Sink sink) {
      this.id = id;
      this.part = part;
      this.sink = sink;
    }

    /** Takes all that is left in a buffer. */
    public void write(ByteBuffer more) throws IOException {
      bytes += more.remaining();
      while (more.hasRemaining()) {
        int taken = Math.min(more.remaining(), PIECE - filled);
        more.get(piece, filled, taken);
        filled += taken;
        if (filled == PIECE) {
          flush();
        }
      }
    }

    /** How many came so far. */
    public long bytes() {
      return bytes;
    }

    private void flush() throws IOException {
      if (filled > 0) {
        sink.write(Arrays.copyOf(piece, filled));
        filled = 0;
      }
    }

    private void finish() throws IOException {
      flush();
      sink.finish();
      sink.force();
      sink.close();
    }

    /** Forgets them, unless they were taken over. */
    @Override
    public void close() {
      try {
        sink.close();
        Files.deleteIfExists(part);
      } catch (IOException e) {
        // Nobody knows of it, and the next start of an upload takes another name.
        return;
      }
    }
  }

  /** Takes over the bytes that were uploaded. */
  public StoredFile add(Upload upload, Caller caller, String name) throws IOException {
    upload.finish();
    StoredFile file =
        new StoredFile(
            upload.id, caller.tenant(), name, StoredFile.INPUT, upload.bytes(), seconds());
    Path kept = files().resolve(file.id());
    Files.move(upload.part, kept);
    try {
      Vault.forceNames(files());
      store().add(file);
    } catch (IOException e) {
      Files.deleteIfExists(kept);
      throw e;
    }
    return file;
  }

  public @Nullable StoredFile file(Caller caller, String id) throws IOException {
    return store().file(caller.tenant(), id);
  }

  /** The bytes of a file; fails while it is read where it was damaged. */
  public InputStream content(StoredFile file) throws IOException {
    return vault.read(files().resolve(file.id()), true);
  }

  public List<StoredFile> files(
      Caller caller, @Nullable String purpose, @Nullable String after, int most)
      throws IOException {
    return store().files(caller.tenant(), purpose, after, most);
  }

  /** Forgets a file, unless a batch still reads it. */
  public Result<StoredFile> delete(Caller caller, String id) throws IOException {
    StoredFile file = file(caller, id);
    if (file == null) {
      return Result.refused(unknown("file", id));
    }
    if (runs.reads(id)) {
      return Result.refused(Refusal.invalid("file_id", "a batch that goes on reads this file"));
    }
    store().removeFile(id);
    Files.deleteIfExists(files().resolve(file.id()));
    return Result.ok(file);
  }

  /** Begins a batch. */
  public Result<Batch> create(Caller caller, Wanted wanted) throws IOException {
    Duration window = window(wanted.window());
    if (window == null) {
      return Result.refused(
          Refusal.invalid(
              "completion_window", "completion_window must be 24h, or another span up to 31d"));
    }
    if (!ENDPOINTS.contains(wanted.endpoint())) {
      return Result.refused(
          Refusal.invalid("endpoint", "endpoint must be one of " + String.join(", ", ENDPOINTS)));
    }
    StoredFile input = file(caller, wanted.inputFile());
    if (input == null) {
      return Result.refused(
          Refusal.invalid("input_file_id", "there is no file " + shown(wanted.inputFile())));
    }
    if (!input.purpose().equals(StoredFile.INPUT)) {
      return Result.refused(
          Refusal.invalid("input_file_id", "the purpose of the file must be batch"));
    }
    Map<String, Long> times = new TreeMap<>();
    times.put("created", seconds());
    Batch batch =
        new Batch(
            fresh("batch_"),
            caller,
            wanted.endpoint(),
            input.id(),
            fresh("file-"),
            fresh("file-"),
            wanted.window(),
            wanted.metadata(),
            Status.VALIDATING,
            times,
            seconds() + window.toSeconds(),
            new Batch.Counts(0, 0, 0),
            List.of());
    store().add(batch);
    runs.start(batch, store());
    return Result.ok(batch);
  }

  private static @Nullable Duration window(String text) {
    Matcher span = WINDOW.matcher(text);
    if (!span.matches()) {
      return null;
    }
    Duration window =
        UNITS
            .getOrDefault(span.group(2), Duration.ZERO)
            .multipliedBy(Long.parseLong(span.group(1)));
    return window.isPositive() && window.compareTo(LONGEST) <= 0 ? window : null;
  }

  /** As it is at this moment; null when the caller has none of that id. */
  public @Nullable Batch batch(Caller caller, String id) throws IOException {
    Batch known = store().batch(caller.tenant(), id);
    BatchRun run = known == null ? null : runs.find(id);
    return run == null ? known : run.batch();
  }

  public List<Batch> list(Caller caller, @Nullable String after, int most) throws IOException {
    return store().batches(caller.tenant(), after, most);
  }

  /** Ends a batch where it stands. */
  public Result<Batch> cancel(Caller caller, String id) throws IOException {
    Batch known = batch(caller, id);
    if (known == null) {
      return Result.refused(unknown("batch", id));
    }
    BatchRun run = runs.find(id);
    if (known.status().over() || run == null) {
      return Result.refused(
          Refusal.invalid("batch_id", "the batch is " + known.status().word() + " already"));
    }
    return Result.ok(run.cancel());
  }

  /** What is not there, or another tenant's: nobody learns which. */
  public static Refusal unknown(String what, String id) {
    return Refusal.of(ErrorCode.NOT_FOUND, "there is no %s %s".formatted(what, shown(id)));
  }

  /** Whether a batch that is over has this file: one without a line is none. */
  public boolean has(Batch batch, String file) throws IOException {
    return batch.status().over() && file(batch.caller(), file) != null;
  }

  private static String shown(String id) {
    return id.length() <= 80 ? id : id.substring(0, 80) + "…";
  }

  private static String fresh(String prefix) {
    byte[] bytes = new byte[12];
    ThreadLocalRandom.current().nextBytes(bytes);
    return prefix + HexFormat.of().formatHex(bytes);
  }

  private long seconds() {
    return time.millis() / 1000;
  }

  /** Leaves what runs where it is, to go on after the next start. */
  public void rest() {
    synchronized (this) {
      closed = true;
    }
    runs.stop();
  }

  @Override
  public void close() {
    rest();
    runs.close();
    queue.close();
    synchronized (this) {
      if (store != null) {
        store.close();
      }
    }
  }
}
