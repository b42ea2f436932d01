package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.ServerConfig;
import dev.gearbox.workshop.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The platform. */
@Command(
    name = "serve",
    description = "Serve models over the OpenAI API, choosing the variant for each request.")
final class ServeCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration (default: built in; gearbox config schema describes it).")
  private @Nullable Path config;

  @Option(names = "--host", description = "Address to listen on (default: loopback).")
  private @Nullable String host;

  @Option(names = "--port", description = "Port of the API (default: 8080).")
  private @Nullable Integer port;

  @Option(names = "--admin-port", description = "Port of metrics (default: 9090).")
  private @Nullable Integer adminPort;

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description = "Only these models or variants; unambiguous beginnings do.")
  private List<String> models = new ArrayList<>();

  @Option(names = "--offline", description = "Never fetch anything.")
  private boolean offline;

  private final Screen screen;

  ServeCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Configuration read = ConfigLoader.load(config, System.getenv());
    ServerConfig server = read.gearbox().server();
    Configuration wanted =
        read.listening(
            host == null ? server.host() : host,
            PortOption.checked("--port", port, server.port()),
            PortOption.checked("--admin-port", adminPort, server.adminPort()));
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), offline);
    return new ServeRun(models.isEmpty() ? wanted : wanted.only(models), store, screen).run();
  }
}
