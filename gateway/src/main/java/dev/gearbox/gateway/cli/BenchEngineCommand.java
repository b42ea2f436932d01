package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.workshop.AdapterFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How fast the engine is. */
@Command(
    name = "engine",
    description =
        "Tokens per second of prefill and decode, after warming up; medians of the repetitions.")
final class BenchEngineCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  private int promptTokens;

  @Option(
      names = {"--gen-tokens", "--decode-tokens"},
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens generated (default: ${DEFAULT-VALUE}).")
  private int generatedTokens;

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "N",
      description = "Also decode this many sequences at once, such as 1,4,8.")
  private List<Integer> batches = new ArrayList<>();

  @Option(
      names = "--depth",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens of context before those generated (default: ${DEFAULT-VALUE}).")
  private int depth;

  @Option(
      names = "--lora",
      paramLabel = "FILE",
      description = "Also measure with this LoRA adapter and without, in turns.")
  private @Nullable String lora;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Mixin private DeviceOption device = new DeviceOption();

  @Mixin private CpuOption cpu = new CpuOption();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "3",
      description = "Repetitions (default: ${DEFAULT-VALUE}).")
  private int repeat;

  @Option(
      names = "--llama-bench",
      paramLabel = "PATH",
      description = "A llama-bench of llama.cpp to run in turns on the same file.")
  private @Nullable Path llamaBench;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  BenchEngineCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    int workers = threads.count();
    atLeastOne("--prompt-tokens", promptTokens);
    atLeastOne("--gen-tokens", generatedTokens);
    atLeastOne("--repeat", repeat);
    if (depth < 0 || (depth > 0 && llamaBench != null)) {
      throw new WrongUsageException("--depth must be 0 or more, and 0 beside --llama-bench");
    }
    CpuOptions options = cpu.options();
    batches.forEach(size -> atLeastOne("--batch", size));
    Path file = weights.resolve(screen);
    LlamaBench peer =
        llamaBench == null
            ? null
            : new LlamaBench(llamaBench, file, promptTokens, generatedTokens, workers);
    AdapterFile adapter = lora == null ? null : AdapterFile.parse(lora);
    new EngineBench(
            file,
            promptTokens,
            generatedTokens,
            depth,
            device.chosen(options, workers),
            options,
            repeat,
            batches,
            peer,
            adapter,
            screen)
        .run(weights.name(), json);
    return 0;
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new WrongUsageException(name + " must be 1 or more, got " + value);
    }
  }
}
