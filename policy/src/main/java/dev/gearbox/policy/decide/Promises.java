package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.meter.PredictionMeters;
import dev.gearbox.telemetry.record.RequestTimeline;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Shows how what was promised at the decision turned out: coverage, width and pinball loss of the
 * bands, and whether chances came true as often as they said. Running means over about the last
 * hundred requests. Thread-safe.
 */
final class Promises {
  private static final double GAIN = 0.01;

  private final PredictionMeters meters;
  private final ConcurrentHashMap<Promise, Kept> bands = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Kept> chances = new ConcurrentHashMap<>();

  Promises(PredictionMeters meters) {
    this.meters = meters;
  }

  /** Means of three numbers over what was seen, the latest counting most. */
  private record Kept(double first, double second, double third, int seen) {
    Kept then(Kept one) {
      double gain = Math.max(GAIN, 1.0 / (seen + 1));
      return new Kept(
          first + gain * (one.first - first),
          second + gain * (one.second - second),
          third + gain * (one.third - third),
          seen + 1);
    }
  }

  private record Promise(String pool, String target, double quantile) {}

  void measure(RequestFacts request, CandidateFacts answered, RequestTimeline timeline) {
    double quantile = request.serviceClass().attainment();
    Forecast of = answered.forecast();
    String pool = answered.pool();
    band(
        new Promise(pool, Attained.TTFT, quantile),
        timeline.ttftSeconds(),
        of.ttftP50(),
        of.ttftHigh());
    band(
        new Promise(pool, Attained.TPOT, quantile),
        timeline.tpotSeconds(),
        of.tpotP50(),
        of.tpotHigh());
  }

  private void band(Promise promise, double actual, double median, double high) {
    if (!(actual > 0)) {
      return;
    }
    meters.predicted(promise.pool, promise.target, median / actual);
    double over = Math.log(actual / high);
    double loss = over > 0 ? promise.quantile * over : (promise.quantile - 1) * over;
    Kept kept =
        bands.merge(promise, new Kept(over <= 0 ? 1 : 0, high / median, loss, 1), Kept::then);
    meters.band(
        promise.pool,
        promise.target,
        Double.toString(promise.quantile),
        kept.first,
        kept.second,
        kept.third);
  }

  /** Holds the chance that was promised against what came of it; null where nobody can say. */
  void chance(CandidateFacts answered, @Nullable Boolean met) {
    if (met == null) {
      return;
    }
    double less = (met ? 1 : 0) - answered.forecast().meets();
    Kept kept = chances.merge(answered.pool(), new Kept(less * less, less, 0, 1), Kept::then);
    meters.chances(answered.pool(), kept.first, kept.second);
  }
}
