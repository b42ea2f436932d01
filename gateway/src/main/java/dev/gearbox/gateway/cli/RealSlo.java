package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.StepPrior;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.policy.simulate.Arm;
import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.policy.simulate.Fleet;
import dev.gearbox.policy.simulate.RealBench;
import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.StepProfile;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.QualityLedger;
import dev.gearbox.workshop.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code bench slo} in real time: measures the step times of the variants, opens them as engines of
 * this process, runs the arms, and holds the simulator with those step times against what came out.
 *
 * @param read classes and traffic; its engines and rates are not used
 * @param arrivals of that traffic
 * @param names of variants or their beginnings; empty for those that serve runs
 * @param arms to compare
 * @param loads shares of what the fastest variant can do alone, by the measured step times
 */
record RealSlo(
    SimulationConfig read,
    SloBench.Arrivals arrivals,
    List<String> names,
    Set<String> arms,
    List<Double> loads,
    double warmUp,
    double seconds,
    int repeats,
    int threads,
    Screen screen) {
  private static final String POOL = "cpu";
  private static final int SEQUENCES = 8;
  private static final int STEP_TOKENS = 512;
  private static final int QUEUED_PER_SEQUENCE = 4;
  private static final int BLOCKS = 512;
  private static final int CONTEXT = 2048;
  private static final double NOISE = 0.1;

  /** What came out, and the rates that the loads were. */
  record Outcome(RealBench bench, RealBench.Result result) {}

  Outcome run(Rules rules) throws Exception {
    Map<String, Arm.Factory> compared = RealBench.armsOf(rules, arms);
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), true);
    Configuration configured = ConfigLoader.load(null, Map.of());
    QualityLedger ledger = QualityLedger.load(store.folder());
    List<String> wanted =
        names.isEmpty() ? configured.gearbox().models().getFirst().variants() : names;
    Map<EngineProfile, Path> profiles = new LinkedHashMap<>();
    for (String name : wanted) {
      CatalogEntry entry = configured.catalog().choose(name);
      Path file =
          store
              .find(entry)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "the weights of %s are not here: gearbox pull %s"
                          .formatted(entry.name(), entry.name())));
      screen.err().println("measuring " + entry.name());
      Double quality = configured.quality(entry.name(), ledger);
      profiles.put(profile(entry, quality, StepTimes.measure(file, threads).line()), file);
    }
    Fleet fleet = new Fleet(read.model(), List.of(List.copyOf(profiles.keySet())));
    List<Double> rates = new ArrayList<>();
    double capacity = capacity(profiles.keySet());
    loads.forEach(load -> rates.add(Math.round(load * capacity * 1000) / 1000.0));
    try (BenchEngines engines = new BenchEngines(threads)) {
      for (Map.Entry<EngineProfile, Path> each : profiles.entrySet()) {
        screen.err().println("loading " + each.getKey().variant().name());
        engines.open(each.getKey(), each.getValue());
      }
      engines.ready();
      RealBench bench =
          new RealBench(
              fleet,
              engines.engines(),
              engines.signals(),
              read.maxTokens(),
              arrivals,
              compared,
              rates,
              warmUp,
              seconds,
              repeats);
      screen.err().printf("takes %.0f s and what the last answers do%n", bench.length());
      return new Outcome(bench, bench.run(line -> screen.err().println(line)));
    }
  }

  private EngineProfile profile(CatalogEntry entry, @Nullable Double quality, StepPrior times) {
    return new EngineProfile(
        POOL,
        new VariantFacts(entry.name(), Set.of(), quality, CONTEXT, Set.of(), entry.size(), 0),
        new StepProfile(
            times.step(),
            times.sequence(),
            times.context(),
            times.prefill(),
            times.pairs(),
            NOISE,
            "measured at the beginning; noise assumed"),
        SEQUENCES,
        STEP_TOKENS,
        BLOCKS,
        SEQUENCES * QUEUED_PER_SEQUENCE);
  }

  /** Requests per second that the fastest variant can do alone in full batches. */
  private double capacity(Set<EngineProfile> profiles) {
    SimulationConfig.TrafficConfig of = read.traffic();
    double prompt = of.promptMedian() * Math.exp(of.promptSpread() * of.promptSpread() / 2);
    double output = of.outputMedian() * Math.exp(of.outputSpread() * of.outputSpread() / 2);
    double least = Double.POSITIVE_INFINITY;
    for (EngineProfile each : profiles) {
      least = Math.min(least, each.steps().work((int) prompt, (int) output, each.maxSequences()));
    }
    return 1 / least;
  }
}
