package dev.gearbox.policy.decide;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.predict.CacheModel;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.LengthModel;
import dev.gearbox.policy.predict.Measured;
import dev.gearbox.telemetry.meter.MetricNames;
import dev.gearbox.telemetry.meter.PolicyMeters;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import java.util.Map;

/** Holds a decision against what became of it: counts, and teaches the models. */
final class Outcomes {
  static final String ALL = MetricNames.ALL_TARGETS;

  private final LatencyModel latency;
  private final LengthModel lengths;
  private final CacheModel caches;
  private final PolicyMeters meters;
  private final Promises promises;

  Outcomes(LatencyModel latency, LengthModel lengths, CacheModel caches, PolicyMeters meters) {
    this.latency = latency;
    this.lengths = lengths;
    this.caches = caches;
    this.meters = meters;
    this.promises = new Promises(meters.prediction());
  }

  Actual learn(DecisionRecord made, RequestTimeline timeline, long now) {
    RequestFacts request = made.request();
    String serviceClass = request.serviceClass().name();
    // A failover may have answered from another engine than the chosen one.
    CandidateRow answered = made.row(timeline.engine());
    Double quality = answered == null ? null : answered.facts().quality();
    double cost = answered == null ? 0 : charged(answered.facts(), timeline.tokens());
    Map<String, Boolean> met = Attained.of(request.targets(), timeline, quality, cost);
    met.forEach((target, ok) -> meters.attained(serviceClass, target, ok));
    if (answered != null && Attained.complete(timeline)) {
      TokenCounts tokens = timeline.tokens();
      lengths.learn(serviceClass, request.tenant(), tokens.generated());
      caches.learn(answered.facts().engine(), request.tenant(), tokens.prompt(), tokens.cached());
      meters.cost(serviceClass, answered.facts().variant(), cost);
      if (quality != null) {
        meters.served(serviceClass, quality);
      }
    }
    boolean asPlanned = answered != null && answered.facts().engine().equals(made.chosen());
    if (answered != null && asPlanned && !made.relegated() && tellsLatency(timeline.outcome())) {
      teach(request, answered, timeline, met, now);
    }
    return Actual.of(timeline, met);
  }

  /** The expected cost was that of the expected tokens. */
  private static double charged(CandidateFacts facts, TokenCounts tokens) {
    int expected = facts.promptTokens() + facts.expectedTokens();
    return expected <= 0 ? facts.cost() : facts.cost() * tokens.total() / expected;
  }

  private static boolean tellsLatency(Outcome outcome) {
    return switch (outcome) {
      case STOP, LENGTH, CANCELLED, EXPIRED -> true;
      case REFUSED, FAILED -> false;
    };
  }

  private void teach(
      RequestFacts request,
      CandidateRow answered,
      RequestTimeline timeline,
      Map<String, Boolean> met,
      long now) {
    CandidateFacts facts = answered.facts();
    String group = CandidateList.errorGroup(facts.pool(), facts.variant());
    Lane lane = request.serviceClass().lane();
    Boolean inTime = Attained.latenciesMet(request.targets(), met);
    boolean drifted =
        latency.learn(
            new Measured(
                group,
                request.streaming(),
                lane,
                request.serviceClass().attainment(),
                facts.forecast(),
                timeline.ttftSeconds(),
                timeline.tpotSeconds(),
                timeline.totalSeconds(),
                Attained.complete(timeline),
                inTime),
            now);
    promises.measure(request, facts, timeline);
    promises.chance(facts, inTime);
    if (drifted) {
      meters.prediction().drifted(facts.pool());
    }
    boolean wider = latency.conservative(group, request.streaming(), lane);
    meters.prediction().conservative(facts.pool(), facts.variant(), wider);
  }
}
