package dev.gearbox.gateway.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Notices that files changed, also where a mounted secret or configuration swaps links. A change is
 * told when it looks the same twice, as whoever writes several files takes a moment. One thread for
 * all.
 */
public final class FileWatch implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(500);

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gearbox-files").factory());

  /** Calls {@code changed} on the watching thread whenever one of these small files differs. */
  public void watch(List<Path> files, Runnable changed) {
    List<Path> watched = List.copyOf(files);
    watch(() -> contents(watched), changed);
  }

  /**
   * Calls {@code changed} on the watching thread whenever the files look different.
   *
   * @param fingerprint what they look like; failing is a look too
   * @param changed is called again at the next look where it throws RejectedExecutionException
   */
  public void watch(Callable<?> fingerprint, Runnable changed) {
    Look look = new Look(fingerprint, changed);
    var _ =
        thread.scheduleWithFixedDelay(
            look::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A hash of what is in these files; a file that cannot be read counts as empty. */
  public static int contents(List<Path> files) {
    List<Integer> hashes = new ArrayList<>();
    for (Path file : files) {
      try {
        hashes.add(Arrays.hashCode(Files.readAllBytes(file)));
      } catch (IOException e) {
        hashes.add(0);
      }
    }
    return hashes.hashCode();
  }

  private static final class Look {
    private final Callable<?> fingerprint;
    private final Runnable changed;
    private Object taken;
    private Object seen;

    Look(Callable<?> fingerprint, Runnable changed) {
      this.fingerprint = fingerprint;
      this.changed = changed;
      this.taken = now();
      this.seen = taken;
    }

    void look() {
      Object now = now();
      if (now.equals(seen) && !now.equals(taken)) {
        try {
          changed.run();
          taken = now;
        } catch (RejectedExecutionException e) {
          return;
        }
      }
      seen = now;
    }

    private Object now() {
      try {
        return Objects.requireNonNull(fingerprint.call());
      } catch (Exception e) {
        return "unreadable: " + e;
      }
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
