package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
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
      description = "The text (default: the evaluation corpus that comes with Gearbox).")
  private @Nullable Path text;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Tokens in a window, of which the second half is scored (default: ${DEFAULT-VALUE}).")
  private int context;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Mixin private CpuOption cpu = new CpuOption();

  @Option(
      names = "--record",
      description =
          "Write the figures into quality.json beside the weights, where the policy finds them;"
              + " only on the evaluation corpus.")
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
    if (record && text != null) {
      throw new WrongUsageException("--record measures on the evaluation corpus: leave --text out");
    }
    CpuOptions options = cpu.options();
    if (record && !options.equals(CpuOptions.DEFAULT)) {
      throw new WrongUsageException(
          "--record measures a variant as it is: leave --kv-cache-type and --attention out");
    }
    int workers = threads.count();
    Path file = weights.resolve(screen);
    String name = record ? weights.entry(file).name() : weights.name();
    new EvalRun(file, lora.file(), text, context, workers, options, screen).run(name, record, json);
    return 0;
  }
}
