package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * LLVM in a driver takes SIGSEGV for itself while it compiles, with a handler that is gone once it
 * has run; the JVM stops its threads by that signal. Without {@code libjsig.so} loaded first, two
 * threads that are stopped at one moment end the process.
 */
class CompilerSignalsTest {
  private static final int PROGRAMS = 4;
  private static final int THREADS = 4;

  @TempDir Path folder;

  private final AtomicLong sum = new AtomicLong();

  @Test
  void threadsAreStoppedWhileTheDriverCompiles() throws InterruptedException {
    AtomicBoolean over = new AtomicBoolean();
    Thread[] threads = new Thread[THREADS + 1];
    for (int i = 0; i < THREADS; i++) {
      threads[i] = Thread.ofPlatform().start(() -> count(over));
    }
    threads[THREADS] = Thread.ofPlatform().start(() -> stopAll(over));
    try (OpenClContext context = TestingOpenCl.open(folder)) {
      String run = " -D RUN=" + System.nanoTime(); // the driver keeps programs, too
      for (int i = 0; i < PROGRAMS; i++) {
        long program = context.programs().program("-D FLAT=64" + run + i, "likeliest.cl");
        assertThat(program).isNotZero();
      }
    } finally {
      over.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  private void count(AtomicBoolean over) {
    long own = 0;
    while (!over.get()) {
      for (int i = 0; i < 1_000_000; i++) {
        own = own * 31 + i;
      }
      sum.set(own);
    }
  }

  private static void stopAll(AtomicBoolean over) {
    while (!over.get()) {
      Thread.getAllStackTraces();
    }
  }
}
