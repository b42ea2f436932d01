package dev.gearbox.gateway.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Text to token ids. */
@Command(
    name = "tokenize",
    description =
        "Print the token ids of a text. Special tokens in it are parsed; no BOS is added.")
final class TokenizeCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @ArgGroup(multiplicity = "1")
  private Input input = new Input();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  TokenizeCommand(Screen screen) {
    this.screen = screen;
  }

  /** One text or many. */
  static final class Input {
    @Option(names = "--text", paramLabel = "TEXT", description = "The text.")
    @Nullable String text;

    @Option(
        names = "--text-file",
        paramLabel = "FILE",
        description = "A JSON list of texts; the answer is a JSON object with a list of results.")
    @Nullable Path file;
  }

  @Override
  public Integer call() throws Exception {
    TokenizeRun run = new TokenizeRun(weights.resolve(screen), screen);
    if (input.file != null) {
      run.all(input.file);
    } else if (input.text != null) {
      run.one(input.text, json);
    }
    return 0;
  }
}
