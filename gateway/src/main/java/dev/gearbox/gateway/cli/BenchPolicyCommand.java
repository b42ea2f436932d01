package dev.gearbox.gateway.cli;

import dev.gearbox.policy.decide.DecisionBench;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a decision costs. */
@Command(
    name = "policy",
    description =
        "Time of a decision, its record and booking included: one thread, four targets, eight"
            + " requests per candidate under way, the default rules and made-up ones beside them.")
final class BenchPolicyCommand implements Callable<Integer> {
  private static final int TENTHS = 10;

  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--rules",
      paramLabel = "N",
      defaultValue = "50",
      description = "Rules in all, the default ones among them (default: ${DEFAULT-VALUE}).")
  private int rules;

  @Option(
      names = "--candidates",
      paramLabel = "N",
      defaultValue = "8",
      description = "Engines that could answer, eight to a device (default: ${DEFAULT-VALUE}).")
  private int candidates;

  @Option(
      names = "--decisions",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Measured, after 20,000 of warming up (default: ${DEFAULT-VALUE}).")
  private int decisions;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  BenchPolicyCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (decisions < TENTHS) {
      throw new WrongUsageException("--decisions must be 10 or more, got " + decisions);
    }
    Map<String, Object> result = result(new DecisionBench(rules, candidates).run(decisions));
    if (json) {
      screen.out().println(Json.write(result));
    } else {
      result.forEach((name, value) -> screen.out().println(name + ": " + value));
    }
    return 0;
  }

  private Map<String, Object> result(DecisionBench.Result measured) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("p50_us", measured.micros(0.5));
    result.put("p99_us", measured.micros(0.99));
    result.put("p999_us", measured.micros(0.999));
    result.put("cpu_p50_us", measured.cpuMicros(0.5));
    result.put("cpu_p99_us", measured.cpuMicros(0.99));
    result.put("routed", measured.routed());
    result.put("rules", rules);
    result.put("candidates", candidates);
    result.put("decisions", decisions);
    result.put("bytes_per_decision", Math.round(measured.bytes()));
    result.put("first_tenth", tenth(measured, 0));
    result.put("last_tenth", tenth(measured, TENTHS - 1));
    return result;
  }

  private static Map<String, Object> tenth(DecisionBench.Result measured, int number) {
    Map<String, Object> tenth = new LinkedHashMap<>();
    tenth.put("p50_us", measured.micros(number, 0.5));
    tenth.put("p99_us", measured.micros(number, 0.99));
    return tenth;
  }
}
