package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.ConfigSchema;
import dev.gearbox.gateway.config.Configuration;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What the configuration may say, and whether a file says it. */
@Command(
    name = "config",
    description = "Check a configuration file without starting anything, or print its schema.",
    subcommands = {ConfigCommand.Check.class, ConfigCommand.Schema.class})
final class ConfigCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Override
  public void run() {
    throw new WrongUsageException("which? config check FILE, or config schema");
  }

  /** Checks a file. */
  @Command(name = "check", description = "List everything that is wrong with a file.")
  static final class Check implements Callable<Integer> {
    @Mixin CommonOptions common = new CommonOptions();

    @Parameters(paramLabel = "FILE", description = "The configuration.")
    private Path file = Path.of("");

    private final Screen screen;

    Check(Screen screen) {
      this.screen = screen;
    }

    @Override
    public Integer call() throws Exception {
      Configuration read = ConfigLoader.load(file, System.getenv());
      screen
          .out()
          .printf(
              "%s is right: %d models, %d pools, %d classes, %d tenants%n",
              file,
              read.gearbox().models().size(),
              read.gearbox().pools().size(),
              read.gearbox().classes().size(),
              read.gearbox().tenants().size());
      return CommandLine.ExitCode.OK;
    }
  }

  /** Prints the schema. */
  @Command(
      name = "schema",
      description = "Print the JSON Schema of the configuration, for editors.")
  static final class Schema implements Callable<Integer> {
    @Mixin CommonOptions common = new CommonOptions();

    private final Screen screen;

    Schema(Screen screen) {
      this.screen = screen;
    }

    @Override
    public Integer call() {
      screen.out().print(ConfigSchema.text());
      return CommandLine.ExitCode.OK;
    }
  }
}
