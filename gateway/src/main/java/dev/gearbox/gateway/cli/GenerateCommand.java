package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One answer, without a server. */
@Command(
    name = "generate",
    description = "Continue a prompt once; without --chat the prompt is raw text.")
final class GenerateCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Mixin private DraftOption draft = new DraftOption();

  @Mixin private LoraOption lora = new LoraOption();

  @ArgGroup(multiplicity = "1")
  private Input input = new Input();

  @Option(names = "--chat", description = "The prompt is a user's message to the model.")
  private boolean chat;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens at most (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 takes the likeliest token each time (default), up to 2.")
  private float temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Equal seeds give equal answers; without one, each run draws its own.")
  private @Nullable Long seed;

  @Mixin private ThreadsOption threads = new ThreadsOption();

  @Mixin private DeviceOption device = new DeviceOption();

  @Mixin private CpuOption cpu = new CpuOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  GenerateCommand(Screen screen) {
    this.screen = screen;
  }

  /** One prompt or many. */
  static final class Input {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "The prompt.")
    @Nullable String prompt;

    @Option(
        names = "--prompts-file",
        paramLabel = "FILE",
        description = "A JSON list of prompts; the answer is a JSON object with a list of results.")
    @Nullable Path file;
  }

  @Override
  public Integer call() throws Exception {
    if (maxTokens < 1) {
      throw new WrongUsageException("--max-tokens must be 1 or more, got " + maxTokens);
    }
    if (!(temperature >= 0 && temperature <= 2)) {
      throw new WrongUsageException("--temperature must be 0 to 2, got " + temperature);
    }
    CpuOptions options = cpu.options();
    DeviceOption.Chosen chosen = device.chosen(options, threads.count());
    GenerateRun run =
        new GenerateRun(
            weights.resolve(screen),
            draft.resolve(weights, screen),
            lora.file(),
            chat,
            maxTokens,
            temperature,
            seed,
            chosen,
            options,
            screen);
    if (input.file != null) {
      run.all(input.file);
    } else if (input.prompt != null) {
      run.one(input.prompt, json);
    }
    return 0;
  }
}
