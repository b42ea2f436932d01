package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.Corpus;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures every variant that is here on this machine. */
@Command(
    name = "calibrate",
    description =
        "Measure quality and step times of variants on this machine and write them beside the"
            + " weights: quality.json for the policy, calibration.yaml for policy check and simulate.")
final class CalibrateCommand implements Callable<Integer> {
  private static final int PROMPT = 256;
  private static final int GENERATED = 16;
  private static final int BATCH = 8;

  /** Rounds of which the median counts. */
  private static final int COUNTED = 5;

  private static final int LEAST_ROUNDS = 2 * COUNTED;

  /** Share of the time before, below which a machine still warms up. */
  private static final double STEADY = 0.97;

  private static final Duration LONGEST = Duration.ofMinutes(1);

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description =
          "Variants or their beginnings; without any, those that serve runs. They must be here:"
              + " gearbox pull fetches them.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--latency-only", description = "Leave quality out, which takes minutes.")
  private boolean latencyOnly;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  CalibrateCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), true);
    Configuration read = ConfigLoader.load(null, Map.of());
    List<String> wanted = names.isEmpty() ? read.gearbox().models().getFirst().variants() : names;
    Map<CatalogEntry, Path> here = new LinkedHashMap<>();
    for (String name : wanted) {
      CatalogEntry entry = read.catalog().choose(name);
      here.put(
          entry,
          store
              .find(entry)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "the weights of %s are not here: gearbox pull %s"
                          .formatted(entry.name(), entry.name()))));
    }
    int workers = threads.count();
    Map<CatalogEntry, Calibrated> measured = new LinkedHashMap<>();
    for (Map.Entry<CatalogEntry, Path> each : here.entrySet()) {
      if (!latencyOnly) {
        new EvalRun(
                each.getValue(),
                null,
                Corpus.OWN.text(part -> store.folder()),
                Corpus.OWN,
                QualityLedger.CONTEXT,
                workers,
                CpuOptions.DEFAULT,
                screen)
            .measure(each.getKey().name());
      }
      measured.put(each.getKey(), measure(each.getValue(), workers));
    }
    Path file = store.folder().resolve(Capacities.CALIBRATION);
    QualityLedger ledger = QualityLedger.load(store.folder());
    Map<String, Double> qualities = new LinkedHashMap<>();
    for (CatalogEntry each : measured.keySet()) {
      Double quality = read.quality(each.name(), ledger);
      qualities.put(each.name(), quality == null ? 0 : quality);
    }
    Path written = Files.createTempFile(store.folder(), "calibration", ".part");
    Files.writeString(written, yaml(measured, qualities, workers));
    Files.move(written, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    print(measured, qualities, file);
    return 0;
  }

  /** Loads the weights and measures their steps, alone and with a few sequences, when warm. */
  static Calibrated measure(Path weights, int workers) throws IOException {
    try (CpuWorkers pool = new CpuWorkers(workers);
        GgufFile gguf = GgufFile.open(weights);
        ModelRunner runner = CpuModel.load(gguf, pool)) {
      Steps steps = new Steps(runner, PROMPT, GENERATED, 0, BATCH);
      List<double[]> rounds = new ArrayList<>();
      long until = System.nanoTime() + LONGEST.toNanos();
      while (rounds.size() < LEAST_ROUNDS || (!isSteady(rounds) && System.nanoTime() < until)) {
        rounds.add(
            new double[] {
              1e3 / steps.decode(1), 1e3 * BATCH / steps.decode(BATCH), 1e3 / steps.prefill()
            });
      }
      double alone = median(rounds, 0);
      double sequence = Math.max(0, (median(rounds, 1) - alone) / (BATCH - 1));
      return new Calibrated(Math.max(1e-3, alone - sequence), sequence, median(rounds, 2));
    }
  }

  /**
   * Whether the last rounds were no faster than those before. A young virtual machine runs kernels
   * many times slower than it will, and compiles them at its leisure.
   */
  private static boolean isSteady(List<double[]> rounds) {
    List<double[]> before = rounds.subList(rounds.size() - 2 * COUNTED, rounds.size() - COUNTED);
    for (int i = 0; i < 3; i++) {
      if (median(rounds, i) < STEADY * median(before, i)) {
        return false;
      }
    }
    return true;
  }

  /** Median of the last rounds that count. */
  private static double median(List<double[]> rounds, int column) {
    return rounds.subList(rounds.size() - COUNTED, rounds.size()).stream()
        .mapToDouble(round -> round[column])
        .sorted()
        .skip(COUNTED / 2)
        .findFirst()
        .orElseThrow();
  }

  private static String yaml(
      Map<CatalogEntry, Calibrated> measured, Map<String, Double> qualities, int workers)
      throws IOException {
    StringBuilder yaml = new StringBuilder("simulation:\n  model: auto\n  engines:\n");
    measured.forEach((entry, times) ->
        yaml.append(
            String.format(
                Locale.ROOT,
                """
                    - pool: cpu
                      variant: %s
                      quality: %.4f
                      parameter-bytes: %d
                      step-ms: %.4f
                      sequence-ms: %.4f
                      prefill-ms: %.4f
                      max-sequences: 32
                      source: "gearbox calibrate, %s, %d threads"
                """,
                entry.name(),
                qualities.getOrDefault(entry.name(), 0.0),
                entry.size(),
                times.step(),
                times.sequence(),
                times.prefill(),
                Machine.cpu().replace('"', ' '),
                workers)));
    return yaml + SimulationConfig.builtInTraffic();
  }

  private void print(
      Map<CatalogEntry, Calibrated> measured, Map<String, Double> qualities, Path file) {
    List<Map<String, Object>> rows = new ArrayList<>();
    Table table = new Table("VARIANT", "QUALITY", "STEP MS", "SEQUENCE MS", "PREFILL MS/TOKEN");
    measured.forEach((entry, times) -> {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("variant", entry.name());
      row.put("quality", qualities.getOrDefault(entry.name(), 0.0));
      row.put("step_ms", times.step());
      row.put("sequence_ms", times.sequence());
      row.put("prefill_ms", times.prefill());
      rows.add(row);
      table.row(
          entry.name(),
          text(qualities.getOrDefault(entry.name(), 0.0)),
          text(times.step()),
          text(times.sequence()),
          text(times.prefill()));
    });
    if (json) {
      screen.out().println(Json.write(Map.of("variants", rows, "file", file.toString())));
    } else {
      table.print(screen.out());
      screen.err().println("in " + file);
    }
  }

  private static String text(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
