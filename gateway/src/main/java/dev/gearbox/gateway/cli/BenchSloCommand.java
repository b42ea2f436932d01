package dev.gearbox.gateway.cli;

import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleLimits;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.policy.simulate.SloBench;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The policy against simpler rules. */
@Command(
    name = "slo",
    description =
        "Quality-weighted goodput of the policy and of simpler rules on equal arrivals, in virtual"
            + " time: the points of answers of which every token came in time, each times its"
            + " variant's quality, over the points of all requests; who is refused counts as"
            + " nothing.")
final class BenchSloCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--simulate",
      description = "In virtual time, on engines whose steps take what a profile says.")
  private boolean simulate;

  @Mixin private SimulationOptions simulation = new SimulationOptions();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Runs of every arm at every load (default: ${DEFAULT-VALUE}).")
  private int seeds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "300",
      description = "Virtual seconds of a run, after 60 of warming up (default: ${DEFAULT-VALUE}).")
  private int seconds;

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
    if (!simulate) {
      throw new WrongUsageException("bench slo runs in virtual time only: add --simulate");
    }
    if (seeds < 2 || seconds < 1) {
      throw new WrongUsageException("--seeds must be 2 or more and --seconds 1 or more");
    }
    if (trials < 0) {
      throw new WrongUsageException("--search-trials must be 0 or more, got " + trials);
    }
    SimulationConfig read = simulation.config();
    SloBench bench =
        new SloBench(
            read.simulation(),
            read.traffic(1, 1),
            read.synthetic(),
            read.traffic().burstiness(),
            simulation.arrivals(read),
            read.traffic().rates(),
            seconds,
            seeds,
            trials);
    // No wall clock: a slow machine must not change what the rules say.
    RuleBase rules = RuleBase.compile(List.of(RuleSource.builtIn()), RuleLimits.DEFAULT, () -> 0);
    SloBench.Result result = bench.run(rules, line -> screen.err().println(line));
    SloReport report = new SloReport(bench, result);
    if (json) {
      screen.out().println(Json.write(report.json()));
    } else {
      report.print(simulation.name(), screen);
    }
    return 0;
  }
}
