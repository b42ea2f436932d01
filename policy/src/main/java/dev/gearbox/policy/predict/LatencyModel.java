package dev.gearbox.policy.predict;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.record.StepRecord;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Predicts a request's latency on an engine from predicted steps: time to first token is the rest
 * of the running step and the steps until its prefill ends, time per token is the device's cycle
 * after it joined. Every engine on a device takes its turn, so the others' steps count. Bands per
 * (pool and variant, measure, streaming, lane) say how far off that is.
 */
public final class LatencyModel {
  /** Steps of an engine after which its bands are believed over the prior. */
  static final int WARM_STEPS = 50;

  /** Prompt tokens that a scheduler puts into one step. */
  private static final int CHUNK = 512;

  /** How much wider errors are where the engine's state is unknown. */
  private static final double UNKNOWN_WIDENING = 2;

  /** Seconds under which nothing is predicted, so that ratios stay finite. */
  private static final double SHORTEST = 1e-6;

  private final DevicePrior prior;
  private final ConcurrentHashMap<String, StepModel> engines = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Group, ErrorBand> bands = new ConcurrentHashMap<>();

  public LatencyModel(DevicePrior prior) {
    this.prior = prior;
  }

  /** What a prediction is of. */
  enum Measure {
    TTFT,
    TPOT,
    TOTAL
  }

  /** Learns from a step; false when the engine is not known and nothing was learned. */
  public boolean learn(StepRecord step) {
    StepModel model = engines.get(step.engine());
    if (model == null) {
      return false;
    }
    model.learn(step);
    return true;
  }

  /** Makes an engine known, with a prior by the size of its variant. Idempotent. */
  public void expect(String engine, long parameterBytes) {
    model(engine, parameterBytes);
  }

  /** Predicts {@code ask} on {@code self}, which shares its device with {@code others}. */
  public Forecast forecast(EngineLoad self, List<EngineLoad> others, Ask ask) {
    StepModel own = model(self.engine(), self.parameterBytes());
    double otherDecode = 0;
    double otherPrefill = 0;
    for (EngineLoad other : others) {
      if (other.busy()) {
        StepModel model = model(other.engine(), other.parameterBytes());
        otherDecode += model.decode(other.running(), (double) other.contextTokens());
        otherPrefill += model.prefill(other.pendingPrefillTokens(), 0);
      }
    }
    double ttft =
        Math.max(SHORTEST, ask.elapsed() + timeToFirst(own, self, ask, otherDecode, otherPrefill));
    double tpot = Math.max(SHORTEST, timePerToken(own, self, ask, otherDecode, otherPrefill));
    double total = ttft + (ask.expectedTokens() - 1) * tpot;
    return banded(own.steps() < WARM_STEPS, ask, ttft, tpot, total, work(own, self, ask));
  }

  private static double timeToFirst(
      StepModel own, EngineLoad self, Ask ask, double otherDecode, double otherPrefill) {
    double decode = own.decode(self.running(), (double) self.contextTokens());
    double cycle = decode + otherDecode;
    boolean idle = !self.busy() && otherDecode == 0;
    double rest = idle ? 0 : cycle / 2;
    double queued = (double) self.waiting() + self.running() + 1 - self.maxSequences();
    double slots = Math.max(0, queued) / self.maxSequences() * ask.expectedTokens() * cycle;
    double tokens = (double) self.pendingPrefillTokens() + ask.promptTokens();
    double steps = Math.max(1, Math.ceil(tokens / CHUNK));
    double prefill = own.prefill(tokens, pairs(ask.promptTokens()));
    return rest + slots + prefill + steps * cycle + Math.min(otherPrefill, steps * otherDecode * 8);
  }

  private static double timePerToken(
      StepModel own, EngineLoad self, Ask ask, double otherDecode, double otherPrefill) {
    double batch = Math.min(self.maxSequences(), (double) self.running() + self.waiting() + 1);
    double context = self.contextTokens() + ask.promptTokens() + ask.expectedTokens() / 2.0;
    double prefill = own.prefill(self.pendingPrefillTokens(), 0) + otherPrefill;
    return own.decode(batch, context) + otherDecode + prefill / ask.expectedTokens();
  }

  /** Charged by the average, not the marginal token: else nobody pays for reading the weights. */
  private static double work(StepModel own, EngineLoad self, Ask ask) {
    int batch = Math.min(self.maxSequences(), self.running() + 1);
    double context = ask.promptTokens() + ask.expectedTokens() / 2.0;
    return own.prefill(ask.promptTokens(), pairs(ask.promptTokens()))
        + ask.expectedTokens() * own.averageToken(batch, context);
  }

  private static double pairs(double promptTokens) {
    return promptTokens * promptTokens / 2;
  }

  private Forecast banded(
      boolean cold, Ask ask, double ttft, double tpot, double total, double work) {
    ErrorBand ofTtft = band(ask.pool(), Measure.TTFT, ask.streaming(), ask.lane());
    ErrorBand ofTpot = band(ask.pool(), Measure.TPOT, ask.streaming(), ask.lane());
    ErrorBand ofTotal = band(ask.pool(), Measure.TOTAL, ask.streaming(), ask.lane());
    double certain = 1;
    double unknown = 1;
    Targets targets = ask.targets();
    for (Measure measure : Measure.values()) {
      double target = target(measure, targets);
      if (target == Double.POSITIVE_INFINITY) {
        continue;
      }
      ErrorBand band =
          switch (measure) {
            case TTFT -> ofTtft;
            case TPOT -> ofTpot;
            case TOTAL -> ofTotal;
          };
      double predicted =
          switch (measure) {
            case TTFT -> ttft;
            case TPOT -> tpot;
            case TOTAL -> total;
          };
      double slack = Math.log(target / predicted);
      certain *= below(band, slack, 1, cold);
      unknown *= below(band, slack, UNKNOWN_WIDENING, cold);
    }
    return new Forecast(
        ttft,
        tpot,
        total,
        ttft * Math.exp(ofTtft.quantile(0.5)),
        ttft * Math.exp(ofTtft.quantile(ask.objective())),
        tpot * Math.exp(ofTpot.quantile(0.5)),
        tpot * Math.exp(ofTpot.quantile(ask.objective())),
        certain,
        unknown,
        work);
  }

  private static double below(ErrorBand band, double slack, double widening, boolean cold) {
    return cold
        ? Normal.cdf(slack / (ErrorBand.PRIOR_SIGMA * widening))
        : band.below(slack, widening);
  }

  /** The tightest bound on a measure in seconds; infinite where nothing is asked. */
  private static double target(Measure measure, Targets targets) {
    return switch (measure) {
      case TTFT -> seconds(targets.ttft());
      case TPOT ->
          targets.throughput() == null
              ? seconds(targets.tpot())
              : Math.min(seconds(targets.tpot()), 1 / targets.throughput());
      case TOTAL -> seconds(targets.deadline());
    };
  }

  private static double seconds(@Nullable Duration duration) {
    return duration == null ? Double.POSITIVE_INFINITY : duration.toNanos() / 1e9;
  }

  /** Learns how far off a forecast was. */
  public void learn(Measured measured) {
    Forecast forecast = measured.forecast();
    ErrorBand ttft = band(measured, Measure.TTFT);
    if (!Double.isNaN(measured.ttft())) {
      ttft.observe(Math.log(measured.ttft() / forecast.ttft()));
    } else if (!measured.complete()) {
      ttft.observeCensored(Math.log(measured.total() / forecast.ttft()));
    }
    if (!Double.isNaN(measured.tpot())) {
      band(measured, Measure.TPOT).observe(Math.log(measured.tpot() / forecast.tpot()));
    }
    double total = Math.log(measured.total() / forecast.total());
    if (measured.complete()) {
      band(measured, Measure.TOTAL).observe(total);
    } else {
      band(measured, Measure.TOTAL).observeCensored(total);
    }
  }

  private ErrorBand band(Measured measured, Measure measure) {
    return band(measured.pool(), measure, measured.streaming(), measured.lane());
  }

  private ErrorBand band(String pool, Measure measure, boolean streaming, Lane lane) {
    return bands.computeIfAbsent(
        new Group(pool, measure, streaming, lane), group -> new ErrorBand());
  }

  private StepModel model(String engine, long parameterBytes) {
    StepModel model = engines.get(engine);
    return model != null
        ? model
        : engines.computeIfAbsent(engine, id -> new StepModel(parameterBytes, prior));
  }

  private record Group(String pool, Measure measure, boolean streaming, Lane lane) {}
}
