package dev.gearbox.gateway.batch;

import dev.gearbox.gateway.batch.Batch.Status;
import dev.gearbox.gateway.config.BatchConfig;
import dev.gearbox.telemetry.meter.BatchMeters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The batches that are worked through at this moment, each on a thread of its own. Thread-safe. */
final class BatchRuns implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchRuns.class);
  private static final int LINE_BYTES = 4 << 20;
  private static final int LONGEST_REST_SECONDS = 300;

  private final BatchConfig config;
  private final Path files;
  private final Vault vault;
  private final BatchQueue queue;
  private final InstantSource time;
  private final BatchMeters meters;
  private final Map<String, BatchRun> runs = new ConcurrentHashMap<>();
  private final Map<String, Thread> threads = new ConcurrentHashMap<>();
  private final CountDownLatch stopped = new CountDownLatch(1);

  BatchRuns(
      BatchConfig config,
      Path files,
      Vault vault,
      BatchQueue queue,
      InstantSource time,
      BatchMeters meters) {
    this.config = config;
    this.files = files;
    this.vault = vault;
    this.queue = queue;
    this.time = time;
    this.meters = meters;
    meters.observe(runs::size, this::oldestSeconds, this::requiredPerSecond);
  }

  @Nullable BatchRun find(String id) {
    return runs.get(id);
  }

  /** Whether one that goes on reads this file. */
  boolean reads(String file) {
    return runs.values().stream()
        .map(BatchRun::batch)
        .anyMatch(batch -> batch.inputFile().equals(file) && !batch.status().over());
  }

  private double oldestSeconds() {
    long now = time.millis() / 1000;
    return runs.values().stream()
        .mapToDouble(run -> now - run.batch().times().getOrDefault("created", now))
        .max()
        .orElse(0);
  }

  /**
   * Lines a second that must be answered from here on, so that no batch runs out of its window: the
   * most, over the ends of windows, of what is due by then over the time until then.
   */
  private double requiredPerSecond() {
    long now = time.millis() / 1000;
    List<Batch> byEnd =
        runs.values().stream()
            .map(BatchRun::batch)
            .filter(batch -> batch.status() == Status.IN_PROGRESS)
            .sorted(Comparator.comparingLong(Batch::expiresAt))
            .toList();
    double due = 0;
    double most = 0;
    for (Batch each : byEnd) {
      due += each.counts().left();
      most = Math.max(most, due / Math.max(1, each.expiresAt() - now));
    }
    return most;
  }

  void start(Batch batch, BatchStore store) {
    BatchRun.Limits limits =
        new BatchRun.Limits(config.maxRequests(), LINE_BYTES, config.inFlight());
    BatchRun run =
        new BatchRun(
            batch, files, vault, queue, limits, time, meters, newest -> save(newest, store));
    runs.put(batch.id(), run);
    Thread thread =
        Thread.ofPlatform().daemon().name("gearbox-" + batch.id()).unstarted(() -> run(run));
    threads.put(batch.id(), thread);
    thread.start();
  }

  private void run(BatchRun run) {
    String id = run.batch().id();
    try {
      LOG.info("event=batch-running batch={} status={}", id, run.batch().status().word());
      int rest = 1;
      while (!ran(run, rest) && !stopped.await(rest, TimeUnit.SECONDS)) {
        rest = Math.min(LONGEST_REST_SECONDS, 2 * rest);
      }
      LOG.info("event=batch-left batch={} status={}", id, run.batch().status().word());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      threads.remove(id);
      if (run.batch().status().over()) {
        runs.remove(id);
      }
    }
  }

  /** Whether it ended or was stopped; the disk may be better later. */
  private static boolean ran(BatchRun run, int rest) throws InterruptedException {
    try {
      run.run();
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.error(
          "event=batch-stuck batch={} again-in={}s reason=\"{}\"",
          run.batch().id(),
          rest,
          e.toString(),
          e);
      return false;
    }
  }

  /** Files of answers are there for their tenant from the moment that the batch is over. */
  private void save(Batch batch, BatchStore store) {
    try {
      if (batch.status().over() && batch.status() != Status.FAILED) {
        publish(store, batch, batch.outputFile(), "output");
        publish(store, batch, batch.errorFile(), "error");
      }
      store.update(batch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void publish(BatchStore store, Batch batch, String id, String what) throws IOException {
    long bytes = vault.size(files.resolve(id));
    String tenant = batch.caller().tenant();
    if (bytes > 0 && store.file(tenant, id) == null) {
      String name = batch.id() + "_" + what + ".jsonl";
      store.add(new StoredFile(id, tenant, name, StoredFile.OUTPUT, bytes, time.millis() / 1000));
    }
  }

  void stop() {
    stopped.countDown();
    runs.values().forEach(BatchRun::stop);
  }

  /** Waits until all have noticed that they are stopped. */
  @Override
  public void close() {
    stop();
    try {
      for (Thread each : threads.values()) {
        each.join(TimeUnit.SECONDS.toMillis(5));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
