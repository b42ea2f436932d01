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
import org.jspecify.annotations.Nullable;
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
      names = "--devices",
      paramLabel = "N",
      description = "Devices in a cell, each with all engines (default: as configured).")
  private @Nullable Integer devices;

  @Option(
      names = "--gateways",
      paramLabel = "N",
      description =
          "Gateways in a cell, each with a policy of its own, to which requests come at random"
              + " (default: as configured).")
  private @Nullable Integer gateways;

  @Option(
      names = "--signal-age",
      paramLabel = "TIME",
      description =
          "How old a gateway's view of the engines gets before it looks again, as 500ms (default:"
              + " as configured).")
  private @Nullable String signalAge;

  @Option(
      names = "--rps",
      paramLabel = "N",
      description = "Requests per second over all cells (default: the first one configured).")
  private @Nullable Double rps;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "300",
      description = "Virtual seconds in which requests arrive (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "0",
      description = "Virtual seconds at the start that are not counted (default: 0).")
  private int warmUp;

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
    if (warmUp < 0 || warmUp >= seconds) {
      throw new WrongUsageException("--warm-up must be 0 or more and under --seconds");
    }
    if (rps != null && !(rps > 0)) {
      throw new WrongUsageException("--rps must be above 0, got " + rps);
    }
    SimulationConfig read = simulation.config(over());
    SloBench.Arrivals arrivals = simulation.arrivals(read);
    double rate = rps == null ? read.traffic().rates().getFirst() : rps;
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

  private Map<String, String> over() {
    Map<String, String> over = new LinkedHashMap<>();
    if (devices != null) {
      over.put("devices", devices.toString());
    }
    if (gateways != null) {
      over.put("gateways", gateways.toString());
    }
    if (signalAge != null) {
      over.put("signal-age", signalAge);
    }
    return over;
  }

  private Tally cell(Simulation simulation, SloBench.Arrivals arrivals, double rate, int cell) {
    long seedOfCell = seed * 1_000_003 + cell;
    List<Arrival> made = arrivals.at(rate, seconds, seedOfCell);
    Tally tally = new Tally(warmUp * 1_000_000_000L);
    simulation.run(made, GearboxArm.of(ConservativeRules.INSTANCE), seedOfCell, tally);
    return tally;
  }

  private Map<String, Object> result(SimulationConfig read, double rate, Tally total, double took) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("engines", (long) read.cells() * read.devices() * read.engines().size());
    result.put("gateways", (long) read.cells() * read.gateways());
    result.put("signal_age_ms", read.signalAge().toMillis());
    result.put("seed", seed);
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
