package dev.gearbox.gateway.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** What the log says. */
@Command(
    name = "logs",
    description = "Show the last lines of a running gateway's log, of one pool or of everything.")
final class LogsCommand implements Callable<Integer> {
  private static final long POLL_MILLIS = 500;

  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private AdminClient admin = new AdminClient();

  @Option(names = "-f", description = "Go on with new lines as they come.")
  private boolean follow;

  @Parameters(arity = "0..1", paramLabel = "POOL", description = "Only what is about this pool.")
  private @Nullable String pool;

  private final Screen screen;

  LogsCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    String about = pool == null ? "" : "&pool=" + URLEncoder.encode(pool, StandardCharsets.UTF_8);
    if (pool != null && !admin.get("/admin/pools").contains("\"pool\":\"" + pool + "\"")) {
      throw new WrongUsageException("no pool '" + pool + "'; gearbox ps shows them");
    }
    long last = 0;
    do {
      for (JsonNode line :
          Json.parse(admin.get("/admin/logs?after=" + last + about)).path("lines")) {
        last = line.path("number").asLong();
        screen.out().println(line.path("text").asString());
      }
      if (follow) {
        Thread.sleep(POLL_MILLIS);
      }
    } while (follow);
    return 0;
  }
}
