package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.GearboxServer;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.workshop.WeightStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Walks through a start, so that the JVM can note which classes one needs. */
@Command(name = "train", hidden = true, description = "Used by the launcher.")
final class TrainCommand implements Callable<Integer> {
  private static final long RULES_MILLIS = 4000;

  private final Screen screen;

  TrainCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    CommandLine line = Gearbox.commandLine(screen);
    line.execute("--help");
    line.getSubcommands().values().forEach(c -> screen.out().println(c.getUsageMessage()));
    Path nowhere = Files.createTempDirectory("gearbox-train");
    Configuration configuration = ConfigLoader.load(null, Map.of()).listening("127.0.0.1", 0, 0);
    try (GearboxServer server =
            GearboxServer.start(
                configuration, new WeightStore(nowhere, true), TrainCommand::ignore);
        HttpClient client = HttpClient.newHttpClient()) {
      URI models = URI.create("http://127.0.0.1:" + server.port() + "/v1/models");
      client.send(HttpRequest.newBuilder(models).build(), HttpResponse.BodyHandlers.discarding());
      // The default rules are compiled behind the ports.
      Thread.sleep(RULES_MILLIS);
    }
    return 0;
  }

  private static void ignore(EngineSlot slot) {}
}
