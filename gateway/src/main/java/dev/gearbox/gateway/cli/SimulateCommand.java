package dev.gearbox.gateway.cli;

import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.simulate.Arrival;
import dev.gearbox.policy.simulate.GearboxArm;
import dev.gearbox.policy.simulate.Simulation;
import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.Tally;
import dev.gearbox.telemetry.record.Outcome;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The policy on machines that one does not have. */
@Command(
    name = "simulate",
    description =
        "Run the policy and the scheduler in virtual time, on engines whose steps take what a"
            + " profile says. Decides with the built-in rules.")
final class SimulateCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private SimulationOptions simulation = new SimulationOptions();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "300",
      description = "Virtual seconds in which requests arrive (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Equal seeds give equal runs (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  SimulateCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (seconds < 1) {
      throw new WrongUsageException("--seconds must be 1 or more, got " + seconds);
    }
    SimulationConfig read = simulation.config();
    SloBench.Arrivals arrivals = simulation.arrivals(read);
    double rate = read.traffic().rates().getFirst();
    long started = System.nanoTime();
    Tally total =
        IntStream.range(0, read.cells())
            .parallel()
            .mapToObj(cell -> cell(read.simulation(), arrivals, rate / read.cells(), cell))
            .collect(() -> new Tally(0), Tally::add, Tally::add);
    double took = (System.nanoTime() - started) / 1e9;
    Map<String, Object> result = result(read, rate, total, took);
    if (json) {
      screen.out().println(Json.write(result));
    } else {
      result.forEach((name, value) -> screen.out().println(name + ": " + value));
    }
    return 0;
  }

  private Tally cell(Simulation simulation, SloBench.Arrivals arrivals, double rate, int cell) {
    long seedOfCell = seed * 1_000_003 + cell;
    List<Arrival> made = arrivals.at(rate, seconds, seedOfCell);
    Tally tally = new Tally(0);
    simulation.run(made, GearboxArm.of(ConservativeRules.INSTANCE), seedOfCell, tally);
    return tally;
  }

  private static Map<String, Object> result(
      SimulationConfig read, double rate, Tally total, double took) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("engines", (long) read.cells() * read.devices() * read.engines().size());
    result.put("rps", rate);
    result.put("requests", total.requests());
    Map<String, Long> outcomes = new LinkedHashMap<>();
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome.name().toLowerCase(Locale.ROOT), total.count(outcome));
    }
    result.put("outcomes", outcomes);
    result.put("variants", total.variants());
    result.put("attainment", total.attainment());
    result.put("qwg", total.qwg());
    result.put("mean_quality", total.meanQuality());
    result.put("goodput", total.goodput());
    result.put("wall_seconds", took);
    return result;
  }
}
