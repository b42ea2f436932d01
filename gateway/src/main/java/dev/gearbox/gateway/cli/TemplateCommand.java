package dev.gearbox.gateway.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The prompt of a conversation. */
@Command(
    name = "template",
    description = "Print the prompt that the model's chat template makes of a list of messages.")
final class TemplateCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Option(
      names = "--messages",
      required = true,
      paramLabel = "FILE",
      description = "A JSON list of messages, as in the OpenAI API.")
  private Path messages = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  TemplateCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    new TemplateRun(weights.resolve(screen), messages, screen).run(json);
    return 0;
  }
}
