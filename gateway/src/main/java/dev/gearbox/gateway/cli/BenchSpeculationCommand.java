package dev.gearbox.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What guessing ahead brings. */
@Command(
    name = "speculation",
    description =
        "Tokens per second of decode with tokens guessed ahead and without, in turns on one engine,"
            + " for answers that repeat their prompt and for one that does not. Fails when an"
            + " answer differs.")
final class BenchSpeculationCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Mixin private DraftOption draft = new DraftOption();

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Option(
      names = "--gen-tokens",
      paramLabel = "N",
      defaultValue = "160",
      description = "Tokens of an answer at most (default: ${DEFAULT-VALUE}).")
  private int generatedTokens;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "3",
      description = "Repetitions; medians are reported (default: ${DEFAULT-VALUE}).")
  private int repeat;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  BenchSpeculationCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if (generatedTokens < 2 || repeat < 1) {
      throw new WrongUsageException("--gen-tokens must be 2 or more, --repeat 1 or more");
    }
    new SpeculationBench(
            weights.resolve(screen),
            draft.resolve(weights, screen),
            threads.count(),
            generatedTokens,
            repeat,
            screen)
        .run(weights.name(), json);
    return 0;
  }
}
