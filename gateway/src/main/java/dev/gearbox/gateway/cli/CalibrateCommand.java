package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.Corpus;
import dev.gearbox.workshop.LatencyLedger;
import dev.gearbox.workshop.Machine;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
            + " weights: quality.json and latency.json, which serve reads, and calibration.yaml for"
            + " policy check and simulate.")
final class CalibrateCommand implements Callable<Integer> {
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
    Map<CatalogEntry, StepPrior> measured = new LinkedHashMap<>();
    for (Map.Entry<CatalogEntry, Path> each : here.entrySet()) {
      if (!latencyOnly) {
        new EvalRun(
                each.getValue(),
                null,
                Corpus.own(),
                Corpus.OWN,
                QualityLedger.CONTEXT,
                workers,
                CpuOptions.DEFAULT,
                screen)
            .measure(each.getKey().name());
      }
      StepTimes times = StepTimes.measure(each.getValue(), workers);
      LatencyLedger.record(
          store.folder(),
          each.getKey().sha256(),
          new LatencyLedger.Profile(each.getKey().name(), workers, times.steps()));
      measured.put(each.getKey(), times.line());
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

  private static String yaml(
      Map<CatalogEntry, StepPrior> measured, Map<String, Double> qualities, int workers)
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
                      context-ms: %.4f
                      prefill-ms: %.4f
                      pairs-ms: %.4f
                      max-sequences: 32
                      source: "gearbox calibrate, %s, %d threads"
                """,
                entry.name(),
                qualities.getOrDefault(entry.name(), 0.0),
                entry.size(),
                1e3 * times.step(),
                1e3 * times.sequence(),
                1e3 * times.context(),
                1e3 * times.prefill(),
                1e3 * times.pairs(),
                Machine.cpu().replace('"', ' '),
                workers)));
    return yaml + SimulationConfig.builtInTraffic();
  }

  private void print(
      Map<CatalogEntry, StepPrior> measured, Map<String, Double> qualities, Path file) {
    List<Map<String, Object>> rows = new ArrayList<>();
    Table table = new Table("VARIANT", "QUALITY", "STEP MS", "SEQUENCE MS", "PREFILL MS/TOKEN");
    measured.forEach((entry, times) -> {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("variant", entry.name());
      row.put("quality", qualities.getOrDefault(entry.name(), 0.0));
      row.put("step_ms", 1e3 * times.step());
      row.put("sequence_ms", 1e3 * times.sequence());
      row.put("prefill_ms", 1e3 * times.prefill());
      rows.add(row);
      table.row(
          entry.name(),
          text(qualities.getOrDefault(entry.name(), 0.0)),
          text(1e3 * times.step()),
          text(1e3 * times.sequence()),
          text(1e3 * times.prefill()));
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
