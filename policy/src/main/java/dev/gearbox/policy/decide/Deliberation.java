package dev.gearbox.policy.decide;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.Choice;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.choose.Chooser;
import dev.gearbox.policy.choose.Question;
import dev.gearbox.policy.choose.Scored;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.Exclusion;
import dev.gearbox.policy.rule.Ruled;
import dev.gearbox.policy.rule.Rules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * From facts to a decision, and nothing else: a pure function of its arguments, so that a record
 * can be decided again.
 *
 * @param request facts of the request
 * @param candidates facts of the engines that might answer
 * @param ruled what the rules said
 * @param choice what was chosen
 */
record Deliberation(
    RequestFacts request, List<CandidateFacts> candidates, Ruled ruled, Choice choice) {
  /** Priority of what runs late on purpose. */
  static final int RELEGATED_PRIORITY = -100;

  private static final int ALTERNATIVES = 3;

  static Deliberation of(
      RequestFacts request,
      List<CandidateFacts> candidates,
      Rules rules,
      ChoiceOptions options,
      double boost,
      long seed) {
    Ruled ruled = rules.apply(request, candidates);
    List<CandidateFacts> allowed = new ArrayList<>(candidates.size());
    for (CandidateFacts candidate : candidates) {
      if (!ruled.excluded().containsKey(candidate.engine())) {
        allowed.add(candidate);
      }
    }
    ServiceClass.Weights weights = request.serviceClass().weights();
    Question question =
        new Question(
            allowed,
            ruled.unknown(),
            weights.quality() * (1 + boost * weights.attainment()) * ruled.classWeight(),
            ruled.qualityWeight(),
            weights.cost(),
            request.serviceClass().sheddable(),
            ruled.relegate(),
            ruled.fallback() != null,
            seed);
    return new Deliberation(request, candidates, ruled, Chooser.choose(question, options));
  }

  Decision decision(String id) {
    if (ruled.veto() != null) {
      return Refusals.veto(id, ruled.veto());
    }
    return switch (choice) {
      case Choice.Picked picked -> route(id, picked.best(), ruled.relegate());
      case Choice.Hopeless hopeless ->
          mayRunLate() && hasRoom(hopeless.cheapest().candidate())
              ? route(id, hopeless.cheapest(), true)
              : Refusals.unattainable(id, request, candidates, hopeless.ranked());
      case Choice.Nothing nothing -> Refusals.nothing(id, request, candidates, ruled.excluded());
    };
  }

  /** What runs late fills what is left, and must not fill the queue for those in time. */
  private static boolean hasRoom(CandidateFacts engine) {
    return engine.waiting() < engine.maxSequences();
  }

  /** Whoever asks for numbers wants them or a no; a class's own targets are hopes. */
  private boolean mayRunLate() {
    Targets asked = request.targets();
    Targets usual = request.serviceClass().targets();
    boolean explicit =
        !Objects.equals(asked.ttft(), usual.ttft())
            || !Objects.equals(asked.tpot(), usual.tpot())
            || !Objects.equals(asked.deadline(), usual.deadline())
            || !Objects.equals(asked.throughput(), usual.throughput());
    return ruled.mayRelegate() && !explicit;
  }

  private Decision.Route route(String id, Scored chosen, boolean relegated) {
    CandidateFacts candidate = chosen.candidate();
    List<String> alternatives = new ArrayList<>(ALTERNATIVES);
    for (Scored each : choice.ranked()) {
      String engine = each.candidate().engine();
      if (alternatives.size() < ALTERNATIVES && !engine.equals(candidate.engine())) {
        alternatives.add(engine);
      }
    }
    int room = candidate.maxContext() - candidate.promptTokens();
    return new Decision.Route(
        id,
        candidate.engine(),
        candidate.variant(),
        candidate.pool(),
        relegated ? Lane.BULK : ruled.lane(),
        relegated
            ? Math.min(RELEGATED_PRIORITY, request.serviceClass().priority())
            : request.serviceClass().priority(),
        Math.max(1, Math.min(ruled.maxTokens(), room)),
        relegated ? null : request.targets().tpot(),
        ruled.speculate(),
        candidate.quality(),
        prediction(candidate.forecast(), chosen.score().meets()),
        alternatives);
  }

  static Decision.Prediction prediction(Forecast forecast, double meets) {
    return new Decision.Prediction(
        forecast.ttftP50(), forecast.ttftHigh(), forecast.tpotP50(), forecast.tpotHigh(), meets);
  }

  DecisionRecord record(String id, Instant at, String version, long seed, double boost) {
    Decision decision = decision(id);
    String chosen = decision instanceof Decision.Route route ? route.engine() : null;
    Scored won = null;
    Scored next = null;
    for (Scored each : choice.ranked()) {
      if (each.candidate().engine().equals(chosen)) {
        won = each;
      } else if (next == null) {
        next = each;
      }
    }
    Double margin = null;
    if (won != null && next != null) {
      margin = won.score().total() - next.score().total();
    }
    double age = 0;
    for (CandidateFacts each : candidates) {
      age = Math.max(age, each.signalAge());
    }
    return new DecisionRecord(
        id,
        at,
        version,
        seed,
        request,
        boost,
        age,
        ruled.firings(),
        ruled.fallback(),
        rows(),
        chosen,
        won == null || next == null ? null : next.candidate().engine(),
        margin,
        choice instanceof Choice.Picked picked && picked.explored(),
        chosen != null && (ruled.relegate() || choice instanceof Choice.Hopeless),
        won == null ? null : CongestionReceipt.of(won.candidate(), won.score()),
        decision,
        null);
  }

  /** The candidate table, by score, excluded ones last. */
  List<CandidateRow> rows() {
    List<CandidateRow> rows = new ArrayList<>(candidates.size());
    for (Scored scored : choice.ranked()) {
      rows.add(new CandidateRow(scored.candidate(), null, scored.score()));
    }
    for (CandidateFacts candidate : candidates) {
      Exclusion excluded = ruled.excluded().get(candidate.engine());
      if (excluded != null) {
        rows.add(new CandidateRow(candidate, excluded, null));
      }
    }
    return rows;
  }
}
