package dev.gearbox.gateway.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the gateway adds to a request. */
@Command(
    name = "gateway",
    description =
        "Latency that the whole line adds, decision included: the gateway over an engine that takes"
            + " 20 ms, in turns with a bare HTTP server that takes 20 ms; open loop, from another"
            + " process.")
final class BenchGatewayCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--rps",
      split = ",",
      paramLabel = "N",
      description = "Requests per second, one or more rates (default: 500).")
  private List<Integer> rates = new ArrayList<>();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "20",
      description = "Of each measurement, after 3 s of warming up (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(names = "--stream", description = "Ask for streams; measures until their end.")
  private boolean stream;

  @Option(
      names = "--remote",
      description =
          "The engine is that bare server, through a remote pool, and not in the gateway.")
  private boolean remote;

  @Option(names = "--json", description = "Print one JSON object, of the last rate.")
  private boolean json;

  private final Screen screen;

  BenchGatewayCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (seconds < 1 || rates.stream().anyMatch(rate -> rate < 1)) {
      throw new WrongUsageException("--rps and --seconds must be 1 or more");
    }
    List<Integer> asked = rates.isEmpty() ? List.of(500) : rates;
    return new GatewayBench(asked, seconds, stream, remote, screen).run(json);
  }
}
