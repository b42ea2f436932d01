package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.model.ModelShape;
import dev.gearbox.format.model.ModelTensors;
import dev.gearbox.workshop.prune.Activity;
import dev.gearbox.workshop.prune.PrunePlan;
import dev.gearbox.workshop.prune.PrunedModel;
import dev.gearbox.workshop.prune.Sparsity;
import dev.gearbox.workshop.quantize.Importance;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A model with parts taken out. */
@Command(
    name = "prune",
    description =
        "Take out what a model misses least while it reads a text: whole blocks, feed-forward"
            + " channels, attention heads. The file gets smaller and the model faster.")
final class PruneCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A GGUF file, or a variant of the catalog.")
  private String in = "";

  @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
  private String out = "";

  @Option(
      names = "--text",
      required = true,
      paramLabel = "FILE",
      description = "A text like what the model will be used for, 16000 tokens or more.")
  private Path text = Path.of("");

  @Option(
      names = "--blocks",
      paramLabel = "PERCENT",
      description =
          "Whole blocks to take out, those first that turn the residual stream least; of a Gemma 3"
              + " model six neighbours at a time.")
  private double blocks;

  @Option(
      names = "--channels",
      paramLabel = "PERCENT",
      description = "Feed-forward channels to take out of each block, by activation and weight.")
  private double channels;

  @Option(
      names = "--heads",
      paramLabel = "PERCENT",
      description =
          "Query heads to take out of each block, as many of each group that shares a key head.")
  private double heads;

  @Option(
      names = "--weights",
      paramLabel = "K:N",
      description =
          "Instead, set all but K of each N neighbouring weights to zero (2:4), to measure what that"
              + " costs: the file gets no smaller and the model no faster.")
  private @Nullable String sparsity;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PruneCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    Sparsity zeros = sparsity == null ? null : Sparsity.parse(sparsity);
    PrunePlan.@Nullable Shares shares =
        zeros == null ? new PrunePlan.Shares(blocks / 100, channels / 100, heads / 100) : null;
    int workers = threads.count();
    String content = Files.readString(text);
    Path from = WorkFiles.weights(in, screen);
    Path to = WorkFiles.output(out, from);
    try (GgufFile file = GgufFile.open(from);
        CpuWorkers team = new CpuWorkers(workers)) {
      if (shares == null) {
        thinOut(file, content, Objects.requireNonNull(zeros), to, team);
        return 0;
      }
      Activity activity;
      try (WorkProgress progress = new WorkProgress("reading the text", screen)) {
        activity = Activity.measure(file, content, team, progress);
      }
      ModelShape shape = ModelShape.of(file);
      PrunePlan plan = PrunePlan.of(activity, ModelTensors.of(file, shape), shares);
      try (WorkProgress progress = new WorkProgress("writing", screen)) {
        PrunedModel.write(file, plan, to, team, progress);
      }
      print(to, shape, plan, activity, Files.size(from));
    }
    return 0;
  }

  private void thinOut(GgufFile file, String content, Sparsity zeros, Path to, CpuWorkers team)
      throws Exception {
    Map<String, float[]> importance;
    try (WorkProgress progress = new WorkProgress("reading the text", screen)) {
      importance = Importance.measure(file, content, team, progress);
    }
    try (WorkProgress progress = new WorkProgress("writing", screen)) {
      Map<String, RowStream.Rows> rows = zeros.rows(file.tensors(), importance);
      new Quantization(null, Map.of(), rows, List.of("pruned")).run(file, to, team, progress);
    }
    screen.out().println(to + ": " + Files.size(to) / 1_000_000 + " MB");
  }

  private void print(Path to, ModelShape shape, PrunePlan plan, Activity activity, long before)
      throws Exception {
    List<Integer> removed = new ArrayList<>();
    List<Double> influence = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      influence.add(activity.influence(layer));
      if (!plan.blocks().contains(layer)) {
        removed.add(layer);
      }
    }
    if (json) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("file", to.toString());
      values.put("bytes", Files.size(to));
      values.put("removed_blocks", removed);
      values.put("influence", influence);
      values.put("channels", plan.channels().getFirst().length);
      values.put("heads", plan.heads().getFirst().length);
      screen.out().println(Json.write(values));
    } else {
      screen
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: %d MB of %d, without blocks %s, with %d of %d channels and %d of %d heads",
                  to,
                  Files.size(to) / 1_000_000,
                  before / 1_000_000,
                  removed,
                  plan.channels().getFirst().length,
                  shape.inner(),
                  plan.heads().getFirst().length,
                  shape.heads()));
    }
  }
}
