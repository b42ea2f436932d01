package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.backup.Backup;
import dev.gearbox.gateway.backup.KeptPlaces;
import dev.gearbox.gateway.batch.BatchSnapshot;
import dev.gearbox.gateway.config.ConfigLoader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Copies what a gateway keeps. */
@Command(
    name = "backup",
    description =
        "Copy rule files, decision records, files and batches into a new folder, also while the"
            + " gateway runs.")
final class BackupCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "DIR", description = "The folder to make; it must not be there.")
  private Path folder = Path.of("");

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration of the gateway (default: built in).")
  private @Nullable Path config;

  @Mixin private AdminClient admin = new AdminClient();

  private final Screen screen;

  BackupCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    KeptPlaces places = KeptPlaces.of(ConfigLoader.load(config, System.getenv()));
    int files =
        new Backup(places, into -> database(places.batches(), into), InstantSource.system())
            .into(folder);
    screen.out().println(folder + ": " + files + " files");
    return 0;
  }

  /** A gateway that runs has its database to itself, and copies it when it is asked. */
  private void database(Path batches, Path into) throws IOException, InterruptedException {
    if (BatchSnapshot.isOpen(batches)) {
      BatchSnapshot.unpack(new ByteArrayInputStream(admin.bytes("/admin/batches/snapshot")), into);
    } else {
      BatchSnapshot.copyClosed(batches, into);
    }
  }
}
