package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.backup.KeptPlaces;
import dev.gearbox.gateway.backup.Restore;
import dev.gearbox.gateway.config.ConfigLoader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts a backup back. */
@Command(
    name = "restore",
    description =
        "Put back what gearbox backup copied, while no gateway runs: all of it, or nothing.")
final class RestoreCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "DIR", description = "The folder that gearbox backup made.")
  private Path folder = Path.of("");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration of the gateway (default: built in).")
  private @Nullable Path config;

  @Option(
      names = "--replace",
      description = "What is there makes way, and is kept as NAME" + Restore.BEFORE + ".")
  private boolean replace;

  private final Screen screen;

  RestoreCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    KeptPlaces places = KeptPlaces.of(ConfigLoader.load(config, System.getenv()));
    int files = new Restore(places, replace).from(folder);
    screen.out().println(folder + ": " + files + " files restored");
    return 0;
  }
}
