package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.GearboxServer;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.workshop.WeightStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The platform with engines that compute nothing: for proofs of everything around them. */
@Command(name = "rehearse", hidden = true, description = "Serve with engines that compute nothing.")
final class RehearseCommand implements Callable<Integer> {
  @Option(names = "--config", paramLabel = "FILE")
  private @Nullable Path config;

  @Option(names = "--port")
  private int port;

  @Option(names = "--admin-port")
  private int adminPort;

  @Option(names = "--delay-ms", description = "What every answer takes (default: 20).")
  private int delay = 20;

  private final Screen screen;

  RehearseCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Logs.serving();
    Configuration read =
        ConfigLoader.load(config, System.getenv()).listening("127.0.0.1", port, adminPort);
    Duration longest = read.gearbox().server().drain();
    GearboxServer server =
        GearboxServer.start(
            read,
            new WeightStore(WeightStore.defaultFolder(System.getenv()), true),
            new ConstantOpener(Duration.ofMillis(delay)),
            slot -> {});
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(() -> {
                  try {
                    server.drain(longest);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  server.close();
                }));
    screen.out().println("rehearsing on port " + server.port());
    new CountDownLatch(1).await();
    return 0;
  }
}
