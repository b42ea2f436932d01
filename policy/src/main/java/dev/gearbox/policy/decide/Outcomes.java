package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.Forecast;
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
import java.util.concurrent.ConcurrentHashMap;

/** Holds a decision against what became of it: counts, and teaches the models. */
final class Outcomes {
  private static final double COVERAGE_GAIN = 0.01;

  static final String ALL = MetricNames.ALL_TARGETS;

  private final LatencyModel latency;
  private final LengthModel lengths;
  private final CacheModel caches;
  private final PolicyMeters meters;
  private final ConcurrentHashMap<Covered, Double> coverage = new ConcurrentHashMap<>();

  Outcomes(LatencyModel latency, LengthModel lengths, CacheModel caches, PolicyMeters meters) {
    this.latency = latency;
    this.lengths = lengths;
    this.caches = caches;
    this.meters = meters;
  }

  Actual learn(DecisionRecord made, RequestTimeline timeline) {
    RequestFacts request = made.request();
    String serviceClass = request.serviceClass().name();
    // A failover may have answered from another engine than the chosen one.
    CandidateRow answered = made.row(timeline.engine());
    Double quality = answered == null ? null : answered.facts().quality();
    double cost = answered == null ? 0 : answered.facts().cost();
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
      teach(request, answered, timeline, met);
    }
    return Actual.of(timeline, met);
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
      Map<String, Boolean> met) {
    String pool = answered.facts().pool();
    Forecast forecast = answered.facts().forecast();
    latency.learn(
        new Measured(
            CandidateList.errorGroup(pool, answered.facts().variant()),
            request.streaming(),
            request.serviceClass().lane(),
            request.serviceClass().attainment(),
            forecast,
            timeline.ttftSeconds(),
            timeline.tpotSeconds(),
            timeline.totalSeconds(),
            Attained.complete(timeline),
            Attained.latenciesMet(request.targets(), met)));
    if (timeline.ttftSeconds() > 0) {
      meters.predicted(pool, Attained.TTFT, forecast.ttftP50() / timeline.ttftSeconds());
      cover(request, pool, Attained.TTFT, timeline.ttftSeconds() <= forecast.ttftHigh());
    }
    if (timeline.tpotSeconds() > 0) {
      meters.predicted(pool, Attained.TPOT, forecast.tpotP50() / timeline.tpotSeconds());
      cover(request, pool, Attained.TPOT, timeline.tpotSeconds() <= forecast.tpotHigh());
    }
  }

  /** Shows whether the band that was promised at decision time holds: the share lately within. */
  private void cover(RequestFacts request, String pool, String target, boolean within) {
    String quantile = Double.toString(request.serviceClass().attainment());
    double share =
        coverage.merge(
            new Covered(pool, target, quantile),
            within ? 1.0 : 0.0,
            (old, one) -> old + COVERAGE_GAIN * (one - old));
    meters.coverage(pool, target, quantile, share);
  }

  private record Covered(String pool, String target, String quantile) {}
}
