package dev.gearbox.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What runs. */
@Command(name = "ps", description = "Show the variants of a running gateway as measured.")
final class PsCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "9090",
      description = "Port of the gateway's metrics (default: ${DEFAULT-VALUE}).")
  private int adminPort;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PsCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    new PsRun("http://127.0.0.1:" + PortOption.checked("--admin-port", adminPort, 9090), screen)
        .run(json);
    return 0;
  }
}
