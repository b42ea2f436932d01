package dev.gearbox.telemetry.meter;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The energy counters of this machine's processors (Linux powercap, {@code intel-rapl:N}, which AMD
 * has too). Most kernels let root alone read them. One thread.
 */
final class Rapl {
  private final List<Counted> packages = new ArrayList<>();

  /** The counters of processor packages under {@code powercap} that can be read. */
  Rapl(Path powercap) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(powercap, "intel-rapl:?")) {
      for (Path each : found) {
        Path counter = each.resolve("energy_uj");
        packages.add(
            new Counted(counter, read(each.resolve("max_energy_range_uj")), read(counter)));
      }
    } catch (IOException | RuntimeException e) {
      packages.clear(); // half of the processors would be worse than a model
    }
  }

  boolean readable() {
    return !packages.isEmpty();
  }

  /** Joules since the call before; counters that have wrapped are followed. */
  double joules() {
    double joules = 0;
    for (Counted each : packages) {
      joules += each.micros() / 1e6;
    }
    return joules;
  }

  private static long read(Path file) throws IOException {
    return Long.parseLong(Files.readString(file).strip());
  }

  private static final class Counted {
    private final Path counter;
    private final long range;
    private long last;

    Counted(Path counter, long range, long last) {
      this.counter = counter;
      this.range = range;
      this.last = last;
    }

    private long micros() {
      try {
        long now = read(counter);
        long since = now >= last ? now - last : now + range - last;
        last = now;
        return since;
      } catch (IOException e) {
        return 0;
      }
    }
  }
}
