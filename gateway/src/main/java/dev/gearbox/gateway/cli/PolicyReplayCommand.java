package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.scenario.Recorded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Makes a recorded decision again. */
@Command(
    name = "replay",
    description = "Make a recorded decision again and say whether it comes out the same.")
final class PolicyReplayCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "RECORD",
      description =
          "A file with a decision record, decided by --rules; or the id of a decision, decided by"
              + " the running gateway that has it.")
  private String record = "";

  @Option(
      names = "--rules",
      split = ",",
      paramLabel = "FILE",
      description = "Rule files for a record in a file (default: those that come with Gearbox).")
  private List<String> rules = new ArrayList<>();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private GatewayClient gateway = new GatewayClient();

  private final Screen screen;

  PolicyReplayCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    return Files.exists(Path.of(record)) ? ofFile(Path.of(record)) : ofGateway();
  }

  private int ofFile(Path file) throws IOException {
    Recorded recorded = new Recorded(Json.parse(Files.readString(file)));
    String before = recorded.outcome();
    String again = recorded.under(RuleTexts.compile(rules));
    boolean same = before.equals(again);
    if (json) {
      screen.out().println(Json.write(Map.of("same", same, "recorded", before, "again", again)));
    } else {
      screen.out().println(same ? "same: " + before : "recorded " + before + "\nagain " + again);
    }
    return same ? 0 : Gearbox.FAILURE;
  }

  private int ofGateway() throws IOException, InterruptedException {
    JsonNode replay = gateway.post("/v1/decisions/" + record + "/replay", "{}");
    boolean same = replay.path("same").asBoolean();
    if (json) {
      screen.out().println(replay);
    } else {
      screen.out().println(same ? "same" : "different");
      replay.path("differences").forEach(each -> screen.out().println("  " + each.asString()));
    }
    return same ? 0 : Gearbox.FAILURE;
  }
}
