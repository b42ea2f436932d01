package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.slo.OpenSloReader;
import dev.gearbox.gateway.slo.SloFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Classes and the formats of other tools. */
@Command(
    name = "slo",
    description = "Write classes as service level objectives of other tools, or read them.",
    subcommands = {SloCommand.Export.class, SloCommand.Import.class})
final class SloCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  @Override
  public void run() {
    throw new WrongUsageException("which? slo export --format NAME, or slo import FILE");
  }

  /** Out. */
  @Command(
      name = "export",
      description =
          "Write the classes of a configuration as openslo, sloth, pyrra or prometheus-rule.")
  static final class Export implements Callable<Integer> {
    @Mixin CommonOptions common = new CommonOptions();

    @Option(
        names = "--format",
        required = true,
        paramLabel = "NAME",
        description = "openslo, sloth, pyrra or prometheus-rule.")
    private String format = "";

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "The configuration (default: built in).")
    private @Nullable Path config;

    private final Screen screen;

    Export(Screen screen) {
      this.screen = screen;
    }

    @Override
    public Integer call() throws Exception {
      SloFormat wanted;
      try {
        wanted = SloFormat.valueOf(format.toUpperCase(Locale.ROOT).replace('-', '_'));
      } catch (IllegalArgumentException e) {
        throw new WrongUsageException(
            "--format: openslo, sloth, pyrra or prometheus-rule, got '" + format + "'");
      }
      var read = ConfigLoader.load(config, System.getenv());
      screen.out().print(wanted.write(read.gearbox().classes()));
      return 0;
    }
  }

  /** In. */
  @Command(
      name = "import",
      description = "Print the part of a configuration that says what SLOs in OpenSLO v1 say.")
  static final class Import implements Callable<Integer> {
    @Mixin CommonOptions common = new CommonOptions();

    @Parameters(paramLabel = "FILE", description = "SLOs in OpenSLO v1, one document or several.")
    private Path file = Path.of("");

    private final Screen screen;

    Import(Screen screen) {
      this.screen = screen;
    }

    @Override
    public Integer call() throws Exception {
      screen.out().print(OpenSloReader.read(file.toString(), Files.readString(file)));
      return 0;
    }
  }
}
