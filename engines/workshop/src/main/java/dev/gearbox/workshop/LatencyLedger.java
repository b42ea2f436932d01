package dev.gearbox.workshop;

import dev.gearbox.telemetry.record.StepRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What steps of variants took on this machine, by the SHA-256 of their weights: {@code
 * latency.json} beside the weights, written by {@code gearbox calibrate}. What another program
 * measured, or this one on another processor or with other threads, is stale.
 */
public final class LatencyLedger {
  private static final LedgerFile<Ledger> FILE =
      new LedgerFile<>("latency.json", Ledger.class, "gearbox calibrate");

  private final Map<String, Profile> profiles;

  /**
   * Steps of one variant.
   *
   * @param variant its name, for readers
   * @param program SHA-256 of what computed
   * @param processor as {@link Machine#cpu()} names it
   * @param threads that computed
   */
  public record Profile(
      String variant, String program, String processor, int threads, List<Step> steps) {
    public Profile {
      steps = List.copyOf(steps);
    }

    /** What this program measured on this machine. */
    public Profile(String variant, int threads, List<Step> steps) {
      this(variant, Program.sha256(), Machine.cpu(), threads, steps);
    }

    /** Why it does not hold of this program on this machine with so many threads. */
    private Optional<String> difference(int asked) {
      if (!processor.equals(Machine.cpu())) {
        return Optional.of("measured on %s, not on %s".formatted(processor, Machine.cpu()));
      }
      if (threads != asked) {
        return Optional.of("measured with %d threads, not with %d".formatted(threads, asked));
      }
      return program.equals(Program.sha256())
          ? Optional.empty()
          : Optional.of("measured by another version of the program");
    }
  }

  /**
   * One step.
   *
   * @param sequences that computed a token each
   * @param context tokens of context of each of them
   * @param prompt prompt tokens that it computed
   * @param before tokens of context before these
   * @param seconds that it took
   */
  public record Step(int sequences, int context, int prompt, int before, double seconds) {
    /** As an engine alone on its device would have told it. */
    public StepRecord told() {
      return new StepRecord(
          "",
          "",
          sequences,
          (long) sequences * context,
          prompt,
          prompt * (before + prompt / 2.0),
          0,
          Math.round(seconds * 1e9),
          0);
    }
  }

  /** Layout of the file. */
  record Ledger(Map<String, Profile> weights) {}

  private LatencyLedger(Map<String, Profile> profiles) {
    this.profiles = profiles;
  }

  /**
   * What lies beside the weights; empty where nothing does.
   *
   * @throws IOException when the file there cannot be read
   */
  public static LatencyLedger load(Path folder) throws IOException {
    return new LatencyLedger(FILE.read(folder, new Ledger(Map.of())).weights());
  }

  /**
   * Why what was measured of a variant does not hold where so many threads compute; empty when it
   * does, or nothing was measured.
   *
   * @param sha256 of its weights
   */
  public Optional<String> staleness(String variant, String sha256, int threads) {
    Profile profile = profiles.get(sha256);
    if (profile != null) {
      return profile.difference(threads);
    }
    return profiles.values().stream().anyMatch(each -> each.variant().equals(variant))
        ? Optional.of("measured of other weights of that name")
        : Optional.empty();
  }

  /**
   * What is known of weights where so many threads compute; empty when that is nothing or stale.
   */
  public Optional<Profile> find(String sha256, int threads) {
    return Optional.ofNullable(profiles.get(sha256))
        .filter(profile -> profile.difference(threads).isEmpty());
  }

  /** Writes what was measured of weights into the file beside them. */
  public static void record(Path folder, String sha256, Profile profile) throws IOException {
    Map<String, Profile> all = new TreeMap<>(load(folder).profiles);
    all.put(sha256, profile);
    FILE.write(folder, new Ledger(all));
  }
}
