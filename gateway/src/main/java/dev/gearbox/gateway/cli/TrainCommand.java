package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.GearboxServer;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Walks through a start, so that the JVM can note which classes one needs; where weights are here,
 * through answers too, so that it knows what to compile first.
 */
@Command(name = "train", hidden = true, description = "Used by the launcher.")
final class TrainCommand implements Callable<Integer> {
  private static final long RULES_MILLIS = 4_000;
  private static final long READY_MILLIS = 60_000;
  private static final int ANSWERS = 3;

  private final Screen screen;

  TrainCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    CommandLine line = Gearbox.commandLine(screen);
    line.execute("--help");
    line.getSubcommands().values().forEach(c -> screen.out().println(c.getUsageMessage()));
    Configuration read = ConfigLoader.load(null, Map.of()).listening("127.0.0.1", 0, 0);
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), true);
    Optional<CatalogEntry> smallest =
        read.catalog().entries().stream()
            .filter(entry -> store.find(entry).isPresent())
            .min(Comparator.comparingLong(CatalogEntry::size));
    if (smallest.isPresent()) {
      String variant = smallest.get().name();
      serve(read.only(List.of(variant)), store, variant);
    } else {
      serve(read, new WeightStore(Files.createTempDirectory("gearbox-train"), true), null);
    }
    return 0;
  }

  private void serve(Configuration configuration, WeightStore store, @Nullable String variant)
      throws IOException, InterruptedException {
    try (GearboxServer server = GearboxServer.start(configuration, store, TrainCommand::ignore);
        HttpClient client = HttpClient.newHttpClient()) {
      String url = "http://127.0.0.1:" + server.port() + "/v1/";
      send(client, HttpRequest.newBuilder(URI.create(url + "models")));
      // The default rules are compiled behind the ports.
      Thread.sleep(RULES_MILLIS);
      if (variant != null) {
        awaitReady(server);
        for (int i = 0; i < ANSWERS; i++) {
          send(client, chat(url, variant, i));
        }
      }
    }
  }

  private static void awaitReady(GearboxServer server) throws InterruptedException {
    long end = System.nanoTime() + READY_MILLIS * 1_000_000;
    while (server.engines().stream().noneMatch(slot -> slot.state() == State.READY)
        && System.nanoTime() < end) {
      Thread.sleep(50);
    }
  }

  private static HttpRequest.Builder chat(String url, String variant, int number) {
    String body =
        Json.write(
            Map.of(
                "model",
                variant,
                "messages",
                List.of(Map.of("role", "user", "content", "Tell me of the number " + number)),
                "max_tokens",
                100,
                "stream",
                number > 0,
                "temperature",
                number * 0.5,
                "ignore_eos",
                true));
    return HttpRequest.newBuilder(URI.create(url + "chat/completions"))
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  private void send(HttpClient client, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    screen.out().println(response.statusCode() + " " + response.body());
  }

  private static void ignore(EngineSlot slot) {}
}
