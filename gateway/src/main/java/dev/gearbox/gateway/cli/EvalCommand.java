package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.workshop.Corpus;
import dev.gearbox.workshop.QualityLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How well a variant predicts a text. */
@Command(
    name = "eval",
    description = "Perplexity and bits per byte of a text, by the protocol of llama-perplexity.")
final class EvalCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Mixin private LoraOption lora = new LoraOption();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "A text of your own, instead of a corpus.")
  private @Nullable Path text;

  @Option(
      names = "--corpus",
      paramLabel = "NAME",
      description =
          "What to read: own (40 KB that come with Gearbox; the default), prose, code or dialogue"
              + " (100 KB and more each, fetched when they are not here), or all three.")
  private @Nullable String corpus;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Tokens in a window, of which the second half is scored (default: ${DEFAULT-VALUE}).")
  private int context;

  @Option(
      names = "--reference",
      paramLabel = "FILE|VARIANT",
      description =
          "Also compare with this model, of the same vocabulary: KL divergence of the predictions, and"
              + " how often both find the same token likeliest.")
  private @Nullable String reference;

  @Option(
      names = "--tasks",
      description =
          "Also ask sixty small questions (arithmetic, extraction, format, yes or no) and count"
              + " right answers.")
  private boolean tasks;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Mixin private CpuOption cpu = new CpuOption();

  @Option(
      names = "--record",
      description =
          "Write the figures into quality.json beside the weights, where the policy finds them;"
              + " only of the corpora own and all; the policy prefers all.")
  private boolean record;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  EvalCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (context < 4) {
      throw new WrongUsageException("--context must be 4 or more, got " + context);
    }
    if (text != null && corpus != null) {
      throw new WrongUsageException("--text and --corpus both say what to read: leave one out");
    }
    Corpus read = corpus == null ? Corpus.OWN : Corpus.named(corpus);
    if (record && (text != null || !QualityLedger.counts(read))) {
      throw new WrongUsageException(
          "--record measures on the corpora own and all: leave --text out, and name one of these");
    }
    if (record && context != QualityLedger.CONTEXT) {
      throw new WrongUsageException(
          "--record measures in windows of " + QualityLedger.CONTEXT + ": leave --context out");
    }
    CpuOptions options = cpu.options();
    if (record && !options.equals(CpuOptions.DEFAULT)) {
      throw new WrongUsageException(
          "--record measures a variant as it is: leave --kv-cache-type and --attention out");
    }
    if (reference != null && lora.file() != null) {
      throw new WrongUsageException("--reference compares weights: merge the adapter first");
    }
    int workers = threads.count();
    Path file = weights.resolve(screen);
    String name = record ? weights.entry(file).name() : weights.name();
    Path compared = reference == null ? null : weights.resolve(reference, screen);
    String content =
        text == null ? read.text(part -> weights.fetch(part, screen)) : Files.readString(text);
    new EvalRun(file, lora.file(), content, record ? read : null, context, workers, options, screen)
        .run(name, compared, tasks, json);
    return 0;
  }
}
