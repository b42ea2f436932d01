package dev.gearbox.gateway.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What runs, live. */
@Command(
    name = "top",
    description = "Show engines and classes of a running gateway, again and again.")
final class TopCommand implements Callable<Integer> {
  private static final String HOME_AND_CLEAR = "\033[H\033[2J";

  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private AdminClient admin = new AdminClient();

  @Option(
      names = {"-n", "--times"},
      paramLabel = "N",
      defaultValue = "0",
      description = "End after N pictures (default: never on a terminal, else 1).")
  private int times;

  @Option(
      names = {"-d", "--delay"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Time between two (default: ${DEFAULT-VALUE}).")
  private double delay;

  @Option(names = "--json", description = "Print one JSON object, and end.")
  private boolean json;

  private final Screen screen;

  TopCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (!(delay >= 0.1 && delay <= 3600) || times < 0) {
      throw new WrongUsageException("--delay takes 0.1 to 3600 seconds, --times 0 or more");
    }
    boolean live = screen.isTerminal() && !json;
    int wanted = json ? 1 : times > 0 ? times : live ? Integer.MAX_VALUE : 1;
    Gauges before = Gauges.read(admin);
    for (int i = 0; i < wanted; i++) {
      Thread.sleep((long) (delay * 1000));
      Gauges now = Gauges.read(admin);
      show(now.since(before), now.classes(), live);
      before = now;
    }
    return 0;
  }

  private void show(JsonNode engines, ArrayNode classes, boolean live) {
    PrintStream out = screen.out();
    if (json) {
      out.println(((ObjectNode) engines).set("classes", classes));
      return;
    }
    if (live) {
      out.print(HOME_AND_CLEAR);
    }
    Gauges.engines(engines).print(out);
    out.println();
    Gauges.classes(classes).print(out);
    out.flush();
  }
}
