package dev.gearbox.gateway.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The number of worker threads, for commands that run an engine of their own. */
final class ThreadsOption {
  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads (default: one per core).")
  private @Nullable Integer threads;

  /** The given number, at least 1, or one per core without one. */
  int count() {
    int count = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (count < 1) {
      throw new WrongUsageException("--threads must be 1 or more, got " + count);
    }
    return count;
  }
}
