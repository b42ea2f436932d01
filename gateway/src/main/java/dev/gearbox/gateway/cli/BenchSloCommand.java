package dev.gearbox.gateway.cli;

import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleLimits;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.policy.simulate.SloBench;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The policy against simpler rules. */
@Command(
    name = "slo",
    description =
        "Quality-weighted goodput of the policy and of simpler rules on equal arrivals: the points of answers of which every token came in time, each times its"
            + " variant's quality, over the points of all requests; who is refused counts as"
            + " nothing.")
final class BenchSloCommand implements Callable<Integer> {
  private static final int SIMULATED_SEEDS = 10;
  private static final int SIMULATED_SECONDS = 300;
  private static final int REAL_SEEDS = 2;
  private static final int REAL_SECONDS = 60;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--simulate",
      description =
          "In virtual time, on engines whose steps take what a profile says. Without it in real time,"
              + " on engines of this process, and the simulator is held against them.")
  private boolean simulate;

  @Mixin private SimulationOptions simulation = new SimulationOptions();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description =
          "Runs of every arm at every load, each seed with arrivals of its own (default: 2; 10 with"
              + " --simulate).")
  private @Nullable Integer seeds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description =
          "Seconds of a run, after warming up (default: 60; with --simulate 300 virtual ones, after"
              + " 60).")
  private @Nullable Integer seconds;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description = "Variants to run in real time, by name or its beginning (default: serve's).")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--arms",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "gearbox,smallest-only,reference-only,queue-threshold",
      description =
          "Arms in real time; also round-robin, least-latency, best-that-meets, weighted-sum"
              + " (default: ${DEFAULT-VALUE}).")
  private List<String> arms = new ArrayList<>();

  @Option(
      names = "--loads",
      split = ",",
      paramLabel = "X",
      defaultValue = "0.5",
      description =
          "Loads in real time, as shares of what the fastest variant can do (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Double> loads = new ArrayList<>();

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Seconds at the beginning of a run in real time that do not count (default:"
              + " ${DEFAULT-VALUE}).")
  private int warmUp;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Option(
      names = "--search-trials",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Trials of the clairvoyant search in each minute of a run; 0 keeps what it starts from"
              + " (default: ${DEFAULT-VALUE}).")
  private int trials;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  BenchSloCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    int runs = seeds == null ? (simulate ? SIMULATED_SEEDS : REAL_SEEDS) : seeds;
    int length = seconds == null ? (simulate ? SIMULATED_SECONDS : REAL_SECONDS) : seconds;
    if (runs < 2 || length < 1) {
      throw new WrongUsageException("--seeds must be 2 or more and --seconds 1 or more");
    }
    if (trials < 0) {
      throw new WrongUsageException("--search-trials must be 0 or more, got " + trials);
    }
    // No wall clock: a slow machine must not change what the rules say.
    RuleBase rules = RuleBase.compile(List.of(RuleSource.builtIn()), RuleLimits.DEFAULT, () -> 0);
    return simulate ? simulated(rules, runs, length) : real(rules, runs, length);
  }

  private int simulated(RuleBase rules, int runs, int length) throws Exception {
    SimulationConfig read = simulation.config();
    SloBench bench =
        new SloBench(
            read.simulation(),
            read.traffic(1, 1),
            read.synthetic(),
            read.traffic().burstiness(),
            simulation.arrivals(read),
            read.traffic().rates(),
            length,
            runs,
            trials);
    SloBench.Result result = bench.run(rules, line -> screen.err().println(line));
    SloReport report = new SloReport(bench.rates(), length, runs, result);
    if (json) {
      screen.out().println(Json.write(report.json()));
    } else {
      report.print(simulation.name(), screen);
    }
    return 0;
  }

  private int real(RuleBase rules, int runs, int length) throws Exception {
    if (!arms.contains(SloBench.GEARBOX)) {
      throw new WrongUsageException("--arms must have gearbox in it, got " + arms);
    }
    if (warmUp < 0) {
      throw new WrongUsageException("--warm-up must be 0 or more, got " + warmUp);
    }
    if (loads.isEmpty() || loads.stream().anyMatch(load -> !(load > 0 && load <= 10))) {
      throw new WrongUsageException("--loads are above 0, to 10, got " + loads);
    }
    SimulationConfig read = simulation.config();
    RealSlo.Outcome made =
        new RealSlo(
                read,
                simulation.arrivals(read),
                models,
                new LinkedHashSet<>(arms),
                loads,
                warmUp,
                length,
                runs,
                threads.count(),
                screen)
            .run(rules);
    SloReport report = new SloReport(made.bench().rates(), length, runs, made.result().real());
    TwinReport twin = new TwinReport(made.bench(), made.result());
    if (json) {
      Map<String, Object> whole = report.json();
      whole.put("twin", twin.json());
      screen.out().println(Json.write(whole));
    } else {
      report.print(simulation.name(), screen);
      twin.print(screen);
    }
    return 0;
  }
}
