package dev.gearbox.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** What runs. */
@Command(name = "ps", description = "Show the variants of a running gateway as measured.")
final class PsCommand implements Callable<Integer> {
  private static final long SAMPLE_MILLIS = 500;

  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private AdminClient admin = new AdminClient();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PsCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Gauges before = Gauges.read(admin);
    Thread.sleep(SAMPLE_MILLIS);
    JsonNode engines = Gauges.read(admin).since(before);
    if (json) {
      screen.out().println(engines);
    } else {
      Gauges.engines(engines).print(screen.out());
    }
    return 0;
  }
}
