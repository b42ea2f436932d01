package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.records.RecordJson;
import dev.gearbox.gateway.records.RecordStore;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.CongestionReceipt;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.CandidateFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** Decision records for whoever asks: those in memory, and beyond them those on disk. */
public final class DecisionsJson {
  private static final int SEARCHED = 10_000;
  private static final Refusal GONE =
      Refusal.of(ErrorCode.NOT_FOUND, "there is no decision of that id (any more)");
  private static final Refusal MANY =
      Refusal.later(ErrorCode.OVERLOADED, "many records are looked for", Duration.ofSeconds(2));

  private final GearboxPolicy policy;
  private final DecisionLog log;
  private final @Nullable RecordStore store;

  /**
   * Answers from these.
   *
   * @param store where records are that have left the log; null for nowhere
   */
  public DecisionsJson(GearboxPolicy policy, DecisionLog log, @Nullable RecordStore store) {
    this.policy = policy;
    this.log = log;
    this.store = store;
  }

  /** A decision that the caller may see, or that there is none: which of both, nobody is told. */
  Mono<ServerResponse> reply(
      String id, Predicate<DecisionRecord> seen, Function<DecisionRecord, byte[]> as) {
    return find(id)
        .filter(seen)
        .map(as)
        .flatMap(json -> Replies.json(200, json))
        .switchIfEmpty(Mono.defer(() -> Replies.error(GONE)))
        .onErrorResume(RejectedExecutionException.class, e -> Replies.error(MANY));
  }

  private Mono<DecisionRecord> find(String id) {
    DecisionRecord kept = log.find(id);
    return kept != null || store == null
        ? Mono.justOrEmpty(kept)
        : Mono.fromFuture(() -> store.find(id)).flatMap(Mono::justOrEmpty);
  }

  byte[] replay(DecisionRecord made) {
    return RecordJson.write(policy.replay(made));
  }

  /** The newest of the wanted records in memory, newest first. */
  List<DecisionRecord> latest(int limit, Predicate<DecisionRecord> wanted) {
    return log.latest(SEARCHED).stream().filter(wanted).limit(limit).toList();
  }

  /** The newest records, newest first, in the manner of the API's lists. */
  byte[] list(int limit, Predicate<DecisionRecord> wanted) {
    List<DecisionRecord> found = new ArrayList<>();
    boolean more = false;
    for (DecisionRecord each : log.latest(SEARCHED)) {
      if (wanted.test(each)) {
        if (found.size() == limit) {
          more = true;
          break;
        }
        found.add(each);
      }
    }
    Map<String, Object> list = new LinkedHashMap<>();
    list.put("object", "list");
    list.put("data", found);
    list.put("has_more", more);
    return RecordJson.write(list);
  }

  /** What could be promised: the candidates that were allowed, best first. */
  byte[] quote(DecisionRecord made) {
    List<Map<String, Object>> candidates = new ArrayList<>();
    for (CandidateRow row : made.candidates()) {
      CandidateFacts facts = row.facts();
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("variant", facts.variant());
      one.put("pool", facts.pool());
      one.put("ttft_ms", facts.forecast().ttftP50() * 1000);
      one.put("ttft_high_ms", facts.forecast().ttftHigh() * 1000);
      one.put("tpot_ms", facts.forecast().tpotP50() * 1000);
      one.put("tpot_high_ms", facts.forecast().tpotHigh() * 1000);
      one.put("probability", row.score() == null ? null : row.score().meets());
      one.put("quality", facts.quality());
      one.put("cost", facts.cost());
      one.put(
          "congestion_receipt",
          row.score() == null ? null : CongestionReceipt.of(facts, row.score()));
      one.put("excluded_by", row.excluded() == null ? null : row.excluded().rule());
      candidates.add(one);
    }
    Map<String, Object> quote = new LinkedHashMap<>();
    quote.put("object", "slo.quote");
    quote.put("model", made.request().model());
    quote.put("class", made.request().serviceClass().name());
    quote.put("objective", made.request().serviceClass().attainment());
    // A signal that is older than a second is unknown, so nothing is promised for longer.
    quote.put("valid_for_ms", Math.max(0, Math.round((1 - made.signalAge()) * 1000)));
    quote.put("chosen", made.decision() instanceof Decision.Route route ? route.variant() : null);
    quote.put("candidates", candidates);
    return RecordJson.write(quote);
  }

  public byte[] json(DecisionRecord made) {
    return RecordJson.write(made);
  }
}
