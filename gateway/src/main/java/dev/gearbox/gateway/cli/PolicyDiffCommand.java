package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.records.RecordReader;
import dev.gearbox.gateway.scenario.Recorded;
import dev.gearbox.policy.rule.RuleBase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which decisions of a trace change from one rule base to another. */
@Command(
    name = "diff",
    description = "Decide recorded decisions under two rule bases and show those that differ.")
final class PolicyDiffCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(index = "0", paramLabel = "A", description = "Rule files, with commas between them.")
  private String a = "";

  @Parameters(index = "1", paramLabel = "B", description = "Rule files, with commas between them.")
  private String b = "";

  @Option(
      names = "--trace",
      required = true,
      paramLabel = "FILE",
      description =
          "Decision records: a record file, what GET /v1/decisions answers, or JSON lines.")
  private Path trace = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Screen screen;

  PolicyDiffCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    RuleBase first = RuleTexts.compile(List.of(a.split(",", -1)));
    RuleBase second = RuleTexts.compile(List.of(b.split(",", -1)));
    List<Map<String, String>> changes = new ArrayList<>();
    List<RecordReader.Damage> damages = new ArrayList<>();
    int[] decisions = {0};
    RecordReader.read(
        trace,
        made -> {
          decisions[0]++;
          Recorded each = new Recorded(made);
          String before = each.under(first);
          String after = each.under(second);
          if (!before.equals(after)) {
            Map<String, String> change = new LinkedHashMap<>();
            change.put("id", made.id());
            change.put("a", before);
            change.put("b", after);
            changes.add(change);
          }
        },
        damages::add);
    damages.forEach(each -> screen.err().println(trace + ": " + each));
    if (json) {
      screen.out().println(Json.write(Map.of("decisions", decisions[0], "changed", changes)));
    } else {
      changes.forEach(each ->
          screen.out().printf("%s: %s -> %s%n", each.get("id"), each.get("a"), each.get("b")));
      screen.out().printf("%d of %d decisions change%n", changes.size(), decisions[0]);
    }
    return damages.isEmpty() ? 0 : Gearbox.FAILURE;
  }
}
