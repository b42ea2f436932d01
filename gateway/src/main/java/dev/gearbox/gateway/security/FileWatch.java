package dev.gearbox.gateway.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Notices that files changed: keys and certificates, which are small. Looks at their content, which
 * also sees the links that a mounted secret swaps. A change is told when it looks the same twice,
 * as whoever writes several files takes a moment. One thread for all.
 */
public final class FileWatch implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(500);

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gearbox-secrets").factory());

  /** Calls {@code changed} on a thread of its own whenever one of the files differs. */
  public void watch(List<Path> files, Runnable changed) {
    Look look = new Look(files, changed);
    var _ =
        thread.scheduleWithFixedDelay(
            look::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static final class Look {
    private final List<Path> files;
    private final Runnable changed;
    private int taken;
    private int seen;

    Look(List<Path> files, Runnable changed) {
      this.files = List.copyOf(files);
      this.changed = changed;
      this.taken = print();
      this.seen = taken;
    }

    void look() {
      int now = print();
      if (now == seen && now != taken) {
        taken = now;
        changed.run();
      }
      seen = now;
    }

    private int print() {
      List<Integer> prints = new ArrayList<>();
      for (Path file : files) {
        try {
          prints.add(Arrays.hashCode(Files.readAllBytes(file)));
        } catch (IOException e) {
          prints.add(0);
        }
      }
      return prints.hashCode();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
