package dev.gearbox.gateway.scenario;

import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.Trial;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.Rules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/** A decision record as {@code GET /v1/decisions/ID} gives it, outside of the gateway. */
public record Recorded(JsonNode json) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(new SimpleModule().addDeserializer(Duration.class, new Seconds()))
          .build();

  /** Its facts, for another decision. */
  public Trial trial() {
    if (!json.path("request").isObject()) {
      throw new IllegalArgumentException("no decision record: it has no request");
    }
    try {
      List<CandidateFacts> candidates = new ArrayList<>();
      for (JsonNode row : json.path("candidates")) {
        candidates.add(MAPPER.treeToValue(row.path("facts"), CandidateFacts.class));
      }
      return new Trial(
          MAPPER.treeToValue(json.path("request"), RequestFacts.class),
          candidates,
          json.path("boost").asDouble(),
          json.path("seed").asLong());
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no decision record: " + e.getOriginalMessage(), e);
    }
  }

  /** What it decided, in a line. */
  public String outcome() {
    JsonNode decision = json.path("decision");
    return decision.has("engine")
        ? route(
            decision.path("engine").asString(),
            decision.path("lane").asString(),
            decision.path("maxTokens").asInt())
        : refusal(decision.path("code").asString());
  }

  /** What these rules decide on its facts, in the same words. */
  public String under(Rules rules) {
    DecisionRecord made = trial().under(rules);
    return switch (made.decision()) {
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
    yaml.append("  - name: decision ").append(json.path("id").asString()).append('\n');
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
    JsonNode decision = json.path("decision");
    if (decision.has("engine")) {
      field(yaml, 6, "engine", quoted(decision.path("engine").asString()));
      field(yaml, 6, "lane", decision.path("lane").asString().toLowerCase(Locale.ROOT));
      field(yaml, 6, "max-tokens", decision.path("maxTokens").asInt());
    } else {
      field(yaml, 6, "refused", decision.path("code").asString());
    }
    StringBuilder excluded = new StringBuilder();
    for (JsonNode row : json.path("candidates")) {
      if (row.path("excluded").isObject()) {
        field(
            excluded,
            8,
            quoted(row.at("/facts/engine").asString()),
            quoted(row.at("/excluded/rule").asString()));
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
    return MAPPER.writeValueAsString(text);
  }

  private static final class Seconds extends StdDeserializer<Duration> {
    Seconds() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser json, DeserializationContext context) {
      return Duration.ofNanos(Math.round(json.getDoubleValue() * 1e9));
    }
  }
}
