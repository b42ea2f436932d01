package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.records.RecordReader;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.Replay;
import dev.gearbox.policy.rule.RuleBase;
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
  private static final int MOST_SHOWN = 100;

  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      paramLabel = "RECORD",
      description =
          "A file with decision records (a record file, a list or JSON lines), decided by --rules;"
              + " or the id of a decision, decided by the running gateway that has it.")
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
    int[] same = {0};
    RuleBase base = RuleTexts.compile(rules);
    List<Replay> different = new ArrayList<>();
    List<RecordReader.Damage> damages = new ArrayList<>();
    int[] decisions = {0};
    RecordReader.read(
        file,
        made -> {
          decisions[0]++;
          Replay replay = Replay.of(made, base, ChoiceOptions.DEFAULT);
          if (!replay.same() && different.size() < MOST_SHOWN) {
            different.add(replay);
          }
          same[0] += replay.same() ? 1 : 0;
        },
        damages::add);
    damages.forEach(each -> screen.err().println(file + ": " + each));
    boolean allSame = same[0] == decisions[0];
    if (json) {
      screen
          .out()
          .println(
              Json.write(
                  Map.of(
                      "same",
                      allSame,
                      "decisions",
                      decisions[0],
                      "different",
                      decisions[0] - same[0],
                      "replays",
                      different.stream().map(PolicyReplayCommand::json).toList(),
                      "damaged",
                      damages.stream().map(RecordReader.Damage::toString).toList())));
    } else {
      for (Replay each : different) {
        screen.out().println(each.id());
        each.differences().forEach(line -> screen.out().println("  " + line));
      }
      screen.out().printf("%d of %d decisions come out the same%n", same[0], decisions[0]);
    }
    return allSame && damages.isEmpty() ? 0 : Gearbox.FAILURE;
  }

  private static Map<String, Object> json(Replay replay) {
    return Map.of("id", replay.id(), "differences", replay.differences());
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
