package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.workshop.Catalog;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.Corpus;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.DataSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Fetches weights, and texts to measure them on. */
@Command(
    name = "pull",
    description =
        "Fetch weights into ~/.gearbox/models or $GEARBOX_MODELS, resumed and checked by sha256.")
final class PullCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..*",
      description =
          "Names of variants or their beginnings, or prose, code and dialogue, which eval reads;"
              + " without any, the variants that serve runs.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--list", description = "Show the catalog and what is here; fetch nothing.")
  private boolean list;

  @Option(
      names = "--catalog",
      paramLabel = "FILE",
      description = "A catalog file beside the built-in catalog; may be repeated.")
  private List<Path> catalogs = new ArrayList<>();

  @Option(names = "--offline", description = "Ask no other machine.")
  private boolean offline;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PullCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Catalog catalog = Catalog.load(catalogs);
    WeightStore store = new WeightStore(WeightStore.defaultFolder(System.getenv()), offline);
    if (list) {
      list(catalog, store);
      return 0;
    }
    List<CatalogEntry> wanted =
        names.isEmpty() ? served(catalog) : names.stream().map(all(catalog)::choose).toList();
    Map<String, String> files = new LinkedHashMap<>();
    for (CatalogEntry entry : wanted) {
      boolean here = store.find(entry).isPresent();
      try (FetchProgress progress = new FetchProgress(entry.name(), screen)) {
        files.put(entry.name(), store.fetch(entry, progress).toString());
      }
      if (!json) {
        String what = here ? ": there already, " : ": fetched, ";
        screen.out().println(entry.name() + what + files.get(entry.name()));
      }
    }
    if (json) {
      screen.out().println(Json.write(Map.of("files", files)));
    }
    return 0;
  }

  private static Catalog all(Catalog catalog) {
    Catalog all = catalog;
    for (CatalogEntry text : Corpus.ALL.parts()) {
      all = all.with(text);
    }
    return all;
  }

  private static List<CatalogEntry> served(Catalog catalog) throws Exception {
    return ConfigLoader.load(null, Map.of()).gearbox().models().stream()
        .flatMap(m -> m.variants().stream())
        .map(catalog::choose)
        .toList();
  }

  private void list(Catalog catalog, WeightStore store) {
    if (json) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (CatalogEntry entry : catalog.entries()) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", entry.name());
        row.put("model", entry.model());
        row.put("techniques", entry.techniques());
        row.put("licence", entry.licence());
        row.put("size", entry.size());
        row.put("sha256", entry.sha256());
        row.put("here", store.find(entry).isPresent());
        rows.add(row);
      }
      screen
          .out()
          .println(Json.write(Map.of("folder", store.folder().toString(), "variants", rows)));
      return;
    }
    Table table = new Table("VARIANT", "MODEL", "TECHNIQUES", "LICENCE", "SIZE", "HERE");
    for (CatalogEntry entry : catalog.entries()) {
      table.row(
          entry.name(),
          entry.model(),
          String.join(",", entry.techniques()),
          entry.licence(),
          new DataSize(entry.size()).toString(),
          store.find(entry).isPresent() ? "yes" : "no");
    }
    table.print(screen.out());
    screen.err().println("in " + store.folder());
  }
}
