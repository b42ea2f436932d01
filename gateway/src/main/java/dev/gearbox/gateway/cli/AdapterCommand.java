package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.adapter.LoraAdapter;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.adapter.MergedAdapter;
import dev.gearbox.workshop.quantize.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Low-rank adapters in files. */
@Command(
    name = "adapter",
    description = "Low-rank adapters: what is in one, and putting one into the weights it is for.",
    synopsisSubcommandLabel = "COMMAND")
final class AdapterCommand implements Runnable {
  @Mixin CommonOptions common = new CommonOptions();

  private final Screen screen;

  AdapterCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public void run() {
    throw new WrongUsageException("which command? inspect or merge");
  }

  @Command(name = "inspect", description = "Show what an adapter adds to.")
  int inspect(
      @Parameters(paramLabel = "FILE") Path path,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws Exception {
    try (GgufFile file = GgufFile.open(path)) {
      LoraAdapter adapter = LoraAdapter.of(file);
      Map<String, Object> tensors = new LinkedHashMap<>();
      Table table = new Table("TENSOR", "RANK", "TYPE", "SCALE");
      adapter
          .pairs()
          .forEach((name, pair) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("rank", pair.rank());
            row.put("type", pair.a().type().name());
            row.put("scale", adapter.scale(pair, 1));
            tensors.put(name, row);
            String scale = Float.toString(adapter.scale(pair, 1));
            table.row(name, Integer.toString(pair.rank()), pair.a().type().name(), scale);
          });
      if (json) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("architecture", adapter.architecture());
        all.put("alpha", adapter.alpha());
        all.put("rank", adapter.rank());
        all.put("tensors", tensors);
        screen.out().println(Json.write(all));
      } else {
        table.print(screen.out());
        screen
            .err()
            .printf(
                "for %s models, alpha %s, %d tensors%n",
                adapter.architecture(), adapter.alpha(), adapter.pairs().size());
      }
    }
    return 0;
  }

  @Command(
      name = "merge",
      description =
          "Write a model with an adapter in its weights. Without TYPE tensors keep their types, those"
              + " that the adapter changes having 6 bits at least.")
  int merge(
      @Parameters(
              index = "0",
              paramLabel = "BASE",
              description = "A GGUF file, or a variant of the catalog.")
          String base,
      @Parameters(
              index = "1",
              paramLabel = "ADAPTER",
              description = "A GGUF file, with :SCALE behind it where it is not to be 1.")
          String adapter,
      @Parameters(index = "2", paramLabel = "OUT", description = "The GGUF file to write.")
          String out,
      @Parameters(
              index = "3",
              arity = "0..1",
              paramLabel = "TYPE",
              description = "What the result is quantized to, as gearbox quantize takes it.")
          @Nullable String type,
      @Mixin ThreadsOption threads)
      throws Exception {
    Recipe recipe = type == null ? null : Recipe.parse(type);
    AdapterFile lora = AdapterFile.parse(adapter);
    Path from = WorkFiles.weights(base, screen);
    Path to = WorkFiles.output(out, from, lora.path());
    try (GgufFile weights = GgufFile.open(from);
        GgufFile file = GgufFile.open(lora.path());
        CpuWorkers team = new CpuWorkers(threads.count());
        WorkProgress progress = new WorkProgress("merging", screen)) {
      new MergedAdapter(weights, LoraAdapter.of(file), lora.factor())
          .write(recipe, Map.of(), to, team, progress);
    }
    screen.out().println(to + ": " + Files.size(to) / 1_000_000 + " MB");
    return 0;
  }
}
