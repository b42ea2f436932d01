package dev.gearbox.gateway.cli;

import dev.gearbox.workshop.Catalog;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.FetchException;
import dev.gearbox.workshop.WeightStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Weights named by a file or by a variant of the catalog. */
final class WeightsOption {
  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE|VARIANT",
      description = "A GGUF file, or a variant of the catalog (fetched when it is not here).")
  private String weights = "";

  @Option(names = "--offline", description = "Never fetch anything.")
  private boolean offline;

  /** The name as it was given. */
  String name() {
    return weights;
  }

  /** The file, fetched when it has to be. */
  Path resolve(Screen screen) throws FetchException, InterruptedException {
    return resolve(weights, screen);
  }

  /** The file of other weights that the same command takes. */
  Path resolve(String named, Screen screen) throws FetchException, InterruptedException {
    Path file = Path.of(named);
    if (Files.exists(file)) {
      return file;
    }
    CatalogEntry entry;
    try {
      entry = Catalog.builtIn().choose(named);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("there is no file " + named + " and " + e.getMessage(), e);
    }
    return fetch(entry, screen);
  }

  /** A file of the store, fetched when it has to be. */
  Path fetch(CatalogEntry entry, Screen screen) throws FetchException, InterruptedException {
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), offline);
    try (FetchProgress progress = new FetchProgress(entry.name(), screen)) {
      return store.fetch(entry, progress);
    }
  }

  /** The variant that a file holds: the catalog's, or one of its own by the name of the file. */
  CatalogEntry entry(Path file) throws IOException {
    String name = file.getFileName().toString();
    for (CatalogEntry entry : Catalog.builtIn().entries()) {
      if (entry.file().equals(name) && entry.size() == Files.size(file)) {
        return entry;
      }
    }
    return new CatalogEntry(
        name.replaceFirst("\\.gguf$", ""),
        name,
        List.of(),
        "unknown",
        name,
        Files.size(file),
        WeightStore.sha256(file),
        List.of("file:" + file));
  }
}
