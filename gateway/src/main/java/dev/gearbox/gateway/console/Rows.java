package dev.gearbox.gateway.console;

import dev.gearbox.engine.Engine;
import dev.gearbox.policy.decide.Actual;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Decisions and requests in a line of a table: facts, predicted beside actual, and why. */
final class Rows {
  private Rows() {}

  /** A decision, with what became of it where that is known. */
  static void decision(ObjectNode json, DecisionRecord made) {
    json.put("id", made.id()).put("time", made.time().toString());
    json.put("class", made.request().serviceClass().name()).put("model", made.request().model());
    json.put("tenant", made.request().tenant()).put("why", Why.chosen(made));
    targets(json.putObject("targets"), made.request().targets());
    CandidateRow row = made.chosenRow();
    if (row != null) {
      json.put("variant", row.facts().variant()).put("pool", row.facts().pool());
      json.put("predicted_ttft", row.facts().forecast().ttftP50());
      json.put("high_ttft", row.facts().forecast().ttftHigh());
      json.put("predicted_tpot", row.facts().forecast().tpotP50());
    } else if (made.decision() instanceof Decision.Refuse refuse) {
      json.put("refused", refuse.code());
    }
    Actual actual = made.actual();
    if (actual != null) {
      json.put("outcome", actual.outcome().name().toLowerCase(Locale.ROOT));
      json.put("code", actual.code()).put("ttft", actual.ttft()).put("tpot", actual.tpot());
      json.put("total", actual.total()).put("tokens", actual.tokens().generated());
      json.put("prompt", actual.tokens().prompt());
      json.put("met", actual.met().get("all"));
    }
  }

  /**
   * A request on its way.
   *
   * @param prefill how far its prompt is; null where nobody knows
   */
  static void live(ObjectNode json, LiveRequest live, Engine.@Nullable Prefill prefill) {
    json.put("request", live.request().id());
    json.put("class", live.request().terms().serviceClass().name());
    json.put("model", live.request().model()).put("tenant", live.request().caller().tenant());
    json.put("queued", live.request().origin().queued());
    json.put("phase", live.phase().name().toLowerCase(Locale.ROOT)).put("age", live.age());
    json.put("admitted_at", live.admittedAt()).put("decided_at", live.decidedAt());
    json.put("first_token_at", live.firstTokenAt()).put("tokens", live.tokens());
    if (prefill != null && live.phase() == LiveRequest.Phase.PREFILL) {
      json.put("prefilled", prefill.done()).put("prompt_tokens", prefill.of());
    }
    targets(json.putObject("targets"), live.request().terms().targets());
    Decision.Route route = live.route();
    if (route != null) {
      json.put("id", route.id()).put("variant", route.variant()).put("pool", route.pool());
      json.put("max_tokens", route.maxTokens());
      json.put("predicted_ttft", route.predicted().ttftP50());
      json.put("high_ttft", route.predicted().ttftHigh());
      json.put("predicted_tpot", route.predicted().tpotP50());
    }
  }

  /** Seconds, and what else was asked. */
  static void targets(ObjectNode json, Targets targets) {
    seconds(json, "ttft", targets.ttft());
    seconds(json, "tpot", targets.tpot());
    seconds(json, "deadline", targets.deadline());
    number(json, "throughput", targets.throughput());
    number(json, "quality", targets.quality());
    number(json, "cost", targets.cost());
  }

  private static void seconds(ObjectNode json, String name, @Nullable Duration value) {
    number(json, name, value == null ? null : value.toNanos() / 1e9);
  }

  private static void number(ObjectNode json, String name, @Nullable Double value) {
    if (value != null) {
      json.put(name, value);
    }
  }
}
