package dev.gearbox.gateway.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** Why a decision was made, or would be. */
@Command(
    name = "explain",
    description = "Say why a running gateway decided as it did, or how it would decide.")
final class ExplainCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "ID",
      description = "Id of a decision, from the header x-gearbox-decision-id.")
  private @Nullable String id;

  @Option(
      names = "--request",
      paramLabel = "FILE",
      description = "A request body as JSON that is decided and not run.")
  private @Nullable Path request;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private GatewayClient gateway = new GatewayClient();

  private final Screen screen;

  ExplainCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    if ((id == null) == (request == null)) {
      throw new WrongUsageException("needs a decision's ID or --request FILE");
    }
    JsonNode record =
        request != null
            ? gateway.post("/v1/decisions/preview", Files.readString(request))
            : gateway.get("/v1/decisions/" + id);
    if (json) {
      screen.out().println(record);
    } else {
      tell(record, screen.out());
    }
    return 0;
  }

  static void tell(JsonNode record, PrintStream out) {
    JsonNode request = record.path("request");
    out.printf(
        "%s  %s  policy %s%n",
        record.path("id").asString(),
        record.path("time").asString(),
        record.path("policyVersion").asString());
    out.printf(
        "asked for '%s' by tenant %s in class %s, at most %d tokens%n",
        request.path("model").asString(),
        request.path("tenant").asString(),
        request.at("/serviceClass/name").asString(),
        request.path("maxTokens").asInt());
    targets(request.path("targets"), out);
    JsonNode decision = record.path("decision");
    if (decision.has("engine")) {
      out.printf(
          "runs on %s in the %s lane%s%s%n",
          decision.path("engine").asString(),
          decision.path("lane").asString().toLowerCase(Locale.ROOT),
          record.path("relegated").asBoolean() ? ", relegated: no target can be met" : "",
          record.path("explored").asBoolean() ? ", explored" : "");
    } else {
      out.printf(
          "refused: %s, %s%n",
          decision.path("code").asString(), decision.path("message").asString());
    }
    if (record.path("fallback").isString()) {
      out.printf("built-in rules decided: %s%n", record.path("fallback").asString());
    }
    candidates(record, out);
    receipt(record.path("receipt"), out);
    rules(record.path("rules"), out);
    actual(record.path("actual"), out);
  }

  private static void targets(JsonNode targets, PrintStream out) {
    StringBuilder asked = new StringBuilder();
    for (String name : new String[] {"ttft", "tpot", "deadline", "throughput", "quality", "cost"}) {
      if (targets.path(name).isNumber()) {
        String unit =
            name.equals("ttft") || name.equals("tpot") || name.equals("deadline") ? " s" : "";
        asked.append(asked.isEmpty() ? "targets: " : ", ");
        asked.append(name).append(' ').append(number(targets.path(name))).append(unit);
      }
    }
    out.println(asked.isEmpty() ? "no targets" : asked);
  }

  private static void candidates(JsonNode record, PrintStream out) {
    Table table =
        new Table(
            "CANDIDATE",
            "QUALITY",
            "TTFT",
            "TPOT",
            "MEETS",
            "VALUE",
            "DAMAGE",
            "PRICE",
            "COST",
            "SCORE",
            "");
    for (JsonNode row : record.path("candidates")) {
      JsonNode facts = row.path("facts");
      JsonNode score = row.path("score");
      JsonNode why = row.path("excluded");
      String chosen =
          facts.path("engine").asString().equals(record.path("chosen").asString(""))
              ? "chosen"
              : "";
      table.row(
          facts.path("engine").asString(),
          number(facts.path("quality")),
          number(facts.at("/forecast/ttftP50")),
          number(facts.at("/forecast/tpotP50")),
          number(facts.at("/forecast/meets")),
          number(score.path("value")),
          number(score.path("damage")),
          number(score.path("congestion")),
          number(score.path("cost")),
          number(score.path("total")),
          why.isObject()
              ? "excluded by '%s': %s %s %s does not hold"
                  .formatted(
                      why.path("rule").asString(),
                      why.path("value").asString(),
                      why.path("operator").asString(),
                      why.path("threshold").asString())
              : chosen);
    }
    table.print(out);
  }

  private static void receipt(JsonNode receipt, PrintStream out) {
    if (receipt.isObject()) {
      out.printf(
          "congestion receipt: costs the others %s points of damage and %s of congestion, %s device-seconds%n",
          number(receipt.path("damage")),
          number(receipt.path("congestion")),
          number(receipt.path("deviceSeconds")));
    }
  }

  private static void rules(JsonNode rules, PrintStream out) {
    for (JsonNode firing : rules) {
      String compared =
          firing.path("operator").isString()
              ? " (wanted %s %s)"
                  .formatted(
                      firing.path("operator").asString(), firing.path("threshold").asString())
              : "";
      out.printf(
          "rule '%s': %s %s %s%s%n  %s%n",
          firing.path("rule").asString(),
          firing.path("effect").asString(),
          firing.path("candidate").asString("the request"),
          firing.path("value").asString(),
          compared,
          firing.path("description").asString());
    }
  }

  private static void actual(JsonNode actual, PrintStream out) {
    if (actual.isObject()) {
      out.printf(
          "ended: %s, ttft %s s, tpot %s s, total %s s, targets met %s%n",
          actual.path("outcome").asString().toLowerCase(Locale.ROOT),
          number(actual.path("ttft")),
          number(actual.path("tpot")),
          number(actual.path("total")),
          actual.path("met"));
    }
  }

  private static String number(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.4g", value.asDouble()) : "-";
  }
}
