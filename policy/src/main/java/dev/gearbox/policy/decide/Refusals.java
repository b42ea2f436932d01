package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.Scored;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.Exclusion;
import dev.gearbox.policy.rule.Reason;
import dev.gearbox.policy.rule.Veto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says no, why, what could be promised instead, and whether waiting helps. Pure. */
final class Refusals {
  static final String SLO_UNATTAINABLE = "slo_unattainable";
  static final String NO_ENGINE = "no_engine";
  static final String OVERLOADED = "overloaded";
  static final String CONTEXT_LENGTH = "context_length_exceeded";
  static final String UNSUPPORTED = "unsupported_value";

  private static final Duration LOADING = Duration.ofSeconds(5);
  private static final int LONGEST_WAIT = 60;
  private static final int OFFERS = 3;

  private Refusals() {}

  static Decision.Refuse veto(String id, Veto veto) {
    Integer wait = veto.retryAfterSeconds();
    return new Decision.Refuse(
        id,
        veto.status(),
        veto.code(),
        veto.message(),
        null,
        List.of(),
        wait == null ? null : Duration.ofSeconds(wait));
  }

  /** Candidates are allowed, but none is likely to meet the latency targets. */
  static Decision.Refuse unattainable(
      String id, RequestFacts request, List<CandidateFacts> all, List<Scored> ranked) {
    List<CandidateFacts> allowed = ranked.stream().map(Scored::candidate).toList();
    boolean busy = allowed.stream().anyMatch(each -> each.running() + each.waiting() > 0);
    return new Decision.Refuse(
        id,
        429,
        SLO_UNATTAINABLE,
        "no variant of '%s' is likely to meet the latency targets".formatted(request.model()),
        null,
        offers(request, allowed),
        busy ? drain(allowed) : arriving(all, request));
  }

  /** No candidate is allowed; the reason of those that come closest to it is told. */
  static Decision.Refuse nothing(
      String id,
      RequestFacts request,
      List<CandidateFacts> candidates,
      Map<String, Exclusion> excluded) {
    List<CandidateFacts> full = because(Reason.QUEUE, candidates, excluded);
    if (!full.isEmpty()) {
      return new Decision.Refuse(
          id,
          503,
          OVERLOADED,
          "every engine that may answer for '%s' has a full queue".formatted(request.model()),
          null,
          List.of(),
          drain(full));
    }
    List<CandidateFacts> near = new ArrayList<>(because(Reason.QUALITY, candidates, excluded));
    near.addAll(because(Reason.COST, candidates, excluded));
    near.removeIf(candidate -> !candidate.ready());
    if (!near.isEmpty()) {
      return new Decision.Refuse(
          id,
          429,
          SLO_UNATTAINABLE,
          "no variant of '%s' that is ready has the quality and the cost asked for"
              .formatted(request.model()),
          null,
          offers(request, near),
          arriving(candidates, request));
    }
    if (!because(Reason.POLICY, candidates, excluded).isEmpty()) {
      return new Decision.Refuse(
          id, 403, "permission_denied", "the policy allows no variant", null, List.of(), null);
    }
    return impossible(id, request, candidates, excluded);
  }

  private static Decision.Refuse impossible(
      String id,
      RequestFacts request,
      List<CandidateFacts> candidates,
      Map<String, Exclusion> excluded) {
    boolean coming = candidates.stream().anyMatch(CandidateFacts::coming);
    List<CandidateFacts> tooLong = because(Reason.CONTEXT, candidates, excluded);
    if (!coming && !tooLong.isEmpty()) {
      CandidateFacts widest =
          tooLong.stream().max(Comparator.comparingInt(CandidateFacts::maxContext)).orElseThrow();
      return new Decision.Refuse(
          id,
          400,
          CONTEXT_LENGTH,
          "the prompt has %d tokens; at most %d fit with an answer"
              .formatted(widest.promptTokens(), widest.maxContext() - 1),
          "messages",
          List.of(),
          null);
    }
    if (!coming && !because(Reason.FEATURE, candidates, excluded).isEmpty()) {
      return new Decision.Refuse(
          id,
          400,
          UNSUPPORTED,
          "no variant of '%s' can do %s".formatted(request.model(), request.needs()),
          null,
          List.of(),
          null);
    }
    boolean none = candidates.isEmpty();
    return new Decision.Refuse(
        id,
        503,
        NO_ENGINE,
        "no engine of '%s' is ready%s".formatted(request.model(), coming || none ? " yet" : ""),
        null,
        List.of(),
        // An engine that was never heard of may still be fetching its weights.
        coming || none ? LOADING : null);
  }

  private static List<CandidateFacts> because(
      Reason reason, List<CandidateFacts> candidates, Map<String, Exclusion> excluded) {
    List<CandidateFacts> matching = new ArrayList<>();
    for (CandidateFacts candidate : candidates) {
      Exclusion why = excluded.get(candidate.engine());
      if (why != null && why.reason() == reason) {
        matching.add(candidate);
      }
    }
    return matching;
  }

  /** The nearest promises, fastest first, one a variant. */
  private static List<Decision.Offer> offers(RequestFacts request, List<CandidateFacts> from) {
    List<Decision.Offer> offers = new ArrayList<>();
    List<CandidateFacts> fastest = new ArrayList<>(from);
    fastest.sort(Comparator.comparingDouble(each -> each.forecast().ttftHigh()));
    for (CandidateFacts each : fastest) {
      boolean offered = offers.stream().anyMatch(one -> one.variant().equals(each.variant()));
      if (!offered && offers.size() < OFFERS) {
        offers.add(
            new Decision.Offer(
                each.variant(),
                each.forecast().ttftHigh(),
                each.forecast().tpotHigh(),
                each.quality(),
                request.serviceClass().attainment()));
      }
    }
    return offers;
  }

  /** When the first of the queues should have moved. */
  private static Duration drain(List<CandidateFacts> candidates) {
    double seconds = LONGEST_WAIT;
    for (CandidateFacts candidate : candidates) {
      seconds = Math.min(seconds, candidate.forecast().ttftP50());
    }
    return Duration.ofSeconds((long) Math.max(1, Math.ceil(seconds)));
  }

  /** Waiting helps when an engine is on its way that reaches the floor. */
  private static @Nullable Duration arriving(List<CandidateFacts> all, RequestFacts request) {
    Double floor = request.targets().quality();
    for (CandidateFacts candidate : all) {
      Double quality = candidate.quality();
      if (candidate.coming() && (floor == null || (quality != null && quality >= floor))) {
        return LOADING;
      }
    }
    return null;
  }
}
