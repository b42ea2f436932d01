package dev.gearbox.gateway.scenario;

import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.Trial;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.policy.rule.Rules;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A decision record outside of the gateway that made it. */
public record Recorded(DecisionRecord made) {
  /** Its facts, for another decision. */
  public Trial trial() {
    return new Trial(
        made.request(),
        made.candidates().stream().map(CandidateRow::facts).toList(),
        made.boost(),
        made.seed());
  }

  /** What it decided, in a line. */
  public String outcome() {
    return outcome(made.decision());
  }

  /** What these rules decide on its facts, in the same words. */
  public String under(Rules rules) {
    return outcome(trial().under(rules).decision());
  }

  private static String outcome(Decision decision) {
    return switch (decision) {
      case Decision.Route route -> route(route.engine(), route.lane().name(), route.maxTokens());
      case Decision.Refuse refuse -> refusal(refuse.code());
    };
  }

  private static String route(String engine, String lane, int maxTokens) {
    return "%s in the %s lane, %d tokens at most"
        .formatted(engine, lane.toLowerCase(Locale.ROOT), maxTokens);
  }

  private static String refusal(String code) {
    return "refused: " + code;
  }

  /** A scenario that expects what it decided; as YAML. */
  public String scenario() {
    Trial trial = trial();
    RequestFacts request = trial.request();
    StringBuilder yaml = new StringBuilder("policy: [default]\nscenarios:\n");
    yaml.append("  - name: decision ").append(made.id()).append('\n');
    yaml.append("    given:\n      request:\n");
    field(yaml, 8, "model", quoted(request.model()));
    field(yaml, 8, "tenant", quoted(request.tenant()));
    field(yaml, 8, "class", quoted(request.serviceClass().name()));
    field(yaml, 8, "max-tokens", request.maxTokens());
    field(yaml, 8, "streaming", request.streaming());
    field(yaml, 8, "needs", request.needs());
    targets(yaml, request);
    yaml.append("      candidates:\n");
    trial.candidates().forEach(each -> candidate(yaml, each));
    yaml.append("    expect:\n");
    switch (made.decision()) {
      case Decision.Route route -> {
        field(yaml, 6, "engine", quoted(route.engine()));
        field(yaml, 6, "lane", route.lane().name().toLowerCase(Locale.ROOT));
        field(yaml, 6, "max-tokens", route.maxTokens());
      }
      case Decision.Refuse refuse -> field(yaml, 6, "refused", refuse.code());
    }
    StringBuilder excluded = new StringBuilder();
    for (CandidateRow row : made.candidates()) {
      if (row.excluded() != null) {
        field(excluded, 8, quoted(row.facts().engine()), quoted(row.excluded().rule()));
      }
    }
    if (!excluded.isEmpty()) {
      yaml.append("      excluded:\n").append(excluded);
    }
    return yaml.toString();
  }

  private static void targets(StringBuilder yaml, RequestFacts request) {
    StringBuilder asked = new StringBuilder();
    var targets = request.targets();
    duration(asked, "ttft", targets.ttft());
    duration(asked, "tpot", targets.tpot());
    duration(asked, "deadline", targets.deadline());
    if (targets.quality() != null) {
      field(asked, 10, "quality", targets.quality());
    }
    if (targets.cost() != null) {
      field(asked, 10, "cost", targets.cost());
    }
    if (!asked.isEmpty()) {
      yaml.append("        targets:\n").append(asked);
    }
  }

  private static void candidate(StringBuilder yaml, CandidateFacts each) {
    yaml.append("        - engine: ").append(quoted(each.engine())).append('\n');
    field(yaml, 10, "variant", quoted(each.variant()));
    field(yaml, 10, "pool", quoted(each.pool()));
    field(yaml, 10, "device", quoted(each.device()));
    field(yaml, 10, "state", each.state());
    duration(yaml, "signal-age", each.signalAge());
    if (each.quality() != null) {
      field(yaml, 10, "quality", each.quality());
    }
    field(yaml, 10, "techniques", each.techniques());
    field(yaml, 10, "features", each.features());
    field(yaml, 10, "max-context", each.maxContext());
    field(yaml, 10, "prompt-tokens", each.promptTokens());
    field(yaml, 10, "cached-tokens", each.cachedTokens());
    field(yaml, 10, "expected-tokens", each.expectedTokens());
    field(yaml, 10, "running", each.running());
    field(yaml, 10, "waiting", each.waiting());
    field(yaml, 10, "max-sequences", each.maxSequences());
    field(yaml, 10, "kv-usage", each.kvUsage());
    field(yaml, 10, "cost", each.cost());
    field(yaml, 10, "open", each.open());
    duration(yaml, "ttft", each.forecast().ttft());
    duration(yaml, "tpot", each.forecast().tpot());
    field(yaml, 10, "meets", each.forecast().meets());
    field(yaml, 10, "meets-if-unknown", each.forecast().meetsIfUnknown());
    duration(yaml, "work", each.forecast().work());
    field(yaml, 10, "damage", each.damage());
    field(yaml, 10, "price", each.price());
    Revoked revoked = each.revoked();
    if (revoked != null) {
      field(yaml, 10, "revoked", "{gap: %s, limit: %s}".formatted(revoked.gap(), revoked.limit()));
    }
  }

  private static void duration(StringBuilder to, String name, @Nullable Duration asked) {
    if (asked != null) {
      duration(to, name, asked.toNanos() / 1e9);
    }
  }

  private static void duration(StringBuilder to, String name, double seconds) {
    field(to, 10, name, "%.6fs".formatted(seconds));
  }

  private static void field(StringBuilder to, int indent, String name, Object value) {
    to.append(" ".repeat(indent)).append(name).append(": ").append(value).append('\n');
  }

  /** JSON strings are YAML. */
  private static String quoted(String text) {
    return JsonMapper.shared().writeValueAsString(text);
  }
}
