package dev.gearbox.policy.predict;

import dev.gearbox.engine.DeviceShare;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.record.StepRecord;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Predicts a request's latency on an engine from predicted steps: time to first token is the rest
 * of the running step and the steps until its prefill ends, time per token is the engine's step
 * after it joined. Busy engines share a device's time by their weight, so that each delays this one
 * in proportion and until it has nothing left. Bands per (pool and variant, measure, streaming,
 * lane) say how far off that is.
 */
public final class LatencyModel {
  /** Steps of an engine after which its bands are believed over the prior. */
  static final int WARM_STEPS = 50;

  /** How much wider errors are where the engine's state is unknown. */
  private static final double UNKNOWN_WIDENING = 2;

  /** Age in seconds up to which a signal is fresh; from here to a second, errors grow double. */
  private static final double FRESH = 0.1;

  /** Whoever gives way to others gets a little of the device all the same. */
  private static final double MOST_TAKEN = 0.8;

  /** Seconds under which nothing is predicted, so that ratios stay finite. */
  private static final double SHORTEST = 1e-6;

  private static final Measure[] MEASURES = Measure.values();

  private final DevicePrior prior;
  private final ConcurrentHashMap<String, StepModel> engines = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, StepPrior> measured = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Kinds> errors = new ConcurrentHashMap<>();

  /**
   * A model that knows no engine yet.
   *
   * @param prior what an engine is like before it ran
   */
  public LatencyModel(DevicePrior prior) {
    this.prior = prior;
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

  /** Drops what was learned of an engine that has left; its pool's errors stay. */
  public void forget(String engine) {
    engines.remove(engine);
    measured.remove(engine);
  }

  /** Takes what was measured of an engine as its prior; for an engine that is not known yet. */
  public void expect(String engine, StepPrior prior) {
    measured.put(engine, prior);
  }

  /**
   * What shares a device at a moment.
   *
   * @param engines on it
   * @param expectedTokens of the answers that those who wait will have
   * @param now monotonic nanoseconds
   */
  public DeviceLoad device(List<EngineLoad> engines, int expectedTokens, long now) {
    return new DeviceLoad(engines, this, expectedTokens, now);
  }

  /** Predicts {@code ask} on engine number {@code at} of {@code device}. */
  public Forecast forecast(DeviceLoad device, int at, Ask ask) {
    StepModel own = device.models[at];
    EngineLoad self = device.load(at);
    double first = timeToFirst(own, self, ask);
    double each = timePerToken(own, self, ask);
    double whole = first + each * ask.expectedTokens();
    boolean pressing = ask.lane() == Lane.INTERACTIVE || (self.busy() && self.interactive());
    int sequences = self.running() + self.waiting() + 1;
    double weight = DeviceShare.weight(pressing, sequences, self.maxSequences());
    double running = 0;
    double firstDelay = 0;
    double wholeDelay = 0;
    for (int i = 0; i < device.size(); i++) {
      if (i != at) {
        running = Math.max(running, device.step[i]);
        firstDelay += Math.min(first / weight * device.weight[i], device.left[i]);
        wholeDelay += Math.min(whole / weight * device.weight[i], device.left[i]);
      }
    }
    // Who gives way waits for those too who come after it (Cobham 1954): W / (1 - share of these).
    double left = 1 - Math.min(MOST_TAKEN, ask.overtaking());
    double wait = (first + firstDelay + running / 2) / left;
    double ttft = Math.max(SHORTEST, ask.elapsed() + wait);
    double tpot = Math.max(SHORTEST, each + (wholeDelay - firstDelay) / ask.expectedTokens());
    double total = ttft + (ask.expectedTokens() - 1) * tpot;
    return banded(own, self, ask, device.now, ttft, tpot, total);
  }

  /** What {@code ask} would add to {@code device} by joining its engine number {@code at}. */
  public Joining joining(DeviceLoad device, int at, Ask ask) {
    StepModel own = device.models[at];
    EngineLoad self = device.load(at);
    double context = ask.promptTokens() + ask.expectedTokens() / 2.0;
    double cycle = self.busy() ? own.joining(context) : own.decode(1, context);
    return new Joining(self.engine(), prefill(own, ask), cycle, ask.expectedTokens());
  }

  private static double prefill(StepModel own, Ask ask) {
    double fresh = Math.max(0, ask.promptTokens() - ask.cachedTokens());
    return own.prefill(fresh, fresh * (ask.cachedTokens() + fresh / 2));
  }

  /** Device-seconds until an engine has nothing left, if nobody comes. */
  static double left(StepModel model, EngineLoad load, int tokens) {
    int batch = Math.max(1, Math.min(load.maxSequences(), load.running() + load.waiting()));
    double context = load.running() == 0 ? 0 : (double) load.contextTokens() / load.running();
    double turns = tokens * (0.5 * load.running() + load.waiting());
    return model.prefill(load.pendingPrefillTokens(), 0)
        + turns * model.averageToken(batch, context);
  }

  /** As if the engine had the device for itself. */
  private static double timeToFirst(StepModel own, EngineLoad self, Ask ask) {
    double cycle = own.decode(self.running(), (double) self.contextTokens());
    double rest = self.busy() ? cycle / 2 : 0;
    double before = Math.max(0, Math.min(self.waiting(), ask.ahead() - self.running()));
    double share = self.waiting() == 0 ? 1 : before / self.waiting();
    double queued = before + self.running() + 1 - self.maxSequences();
    double slots = Math.max(0, queued) / self.maxSequences() * ask.expectedTokens() * cycle;
    double tokens =
        share * self.pendingPrefillTokens() + Math.max(0, ask.promptTokens() - ask.cachedTokens());
    double steps = Math.max(1, Math.ceil(tokens / own.chunk(self.running() > 0)));
    double prefill = own.prefill(share * self.pendingPrefillTokens(), 0) + prefill(own, ask);
    return rest + slots + prefill + steps * cycle;
  }

  /** As if the engine had the device for itself. */
  private static double timePerToken(StepModel own, EngineLoad self, Ask ask) {
    double batch = Math.min(self.maxSequences(), (double) self.running() + self.waiting() + 1);
    double context = self.contextTokens() + ask.promptTokens() + ask.expectedTokens() / 2.0;
    double prefill = own.prefill(self.pendingPrefillTokens(), 0);
    return own.decode(batch, context) + prefill / ask.expectedTokens();
  }

  /**
   * Charged by the average, not the marginal token: else nobody pays for reading the weights. Those
   * who wait with it will share that read: an engine that nobody is on yet would seem the dearest
   * of all to each of a queue that could fill it.
   */
  private static double work(StepModel own, EngineLoad self, Ask ask) {
    long batch = Math.min(self.maxSequences(), self.running() + self.waiting() + 1 + ask.mates());
    double context = ask.promptTokens() + ask.expectedTokens() / 2.0;
    return prefill(own, ask) + ask.expectedTokens() * own.averageToken(batch, context);
  }

  private Forecast banded(
      StepModel own, EngineLoad self, Ask ask, long now, double first, double each, double whole) {
    boolean cold = own.steps() < WARM_STEPS;
    PoolErrors pool = errors(ask.pool(), ask.streaming(), ask.lane());
    double doubt = pool.widening();
    double widening = Math.max(doubt, stale(ask.signalAge()));
    EngineLoad idle = self.idle();
    double idleTtft = Math.max(SHORTEST, timeToFirst(own, idle, ask));
    double idleTpot = timePerToken(own, idle, ask);
    double idleTotal = idleTtft + (ask.expectedTokens() - 1) * idleTpot;
    double ttftCrowding = Crowding.of(first, idleTtft);
    double tpotCrowding = Crowding.of(each, idleTpot);
    double totalCrowding = Crowding.of(whole, idleTotal);
    double ttft = first * pool.band(Measure.TTFT).correction(ttftCrowding);
    double tpot = each * pool.band(Measure.TPOT).correction(tpotCrowding);
    double total = whole * pool.band(Measure.TOTAL).correction(totalCrowding);
    double certain = 1;
    double unknown = 1;
    double alone = 1;
    for (Measure measure : MEASURES) {
      double target = target(measure, ask.targets());
      if (target == Double.POSITIVE_INFINITY) {
        continue;
      }
      double predicted =
          switch (measure) {
            case TTFT -> ttft;
            case TPOT -> tpot;
            case TOTAL -> total;
          };
      double best =
          switch (measure) {
            case TTFT -> idleTtft;
            case TPOT -> idleTpot;
            case TOTAL -> idleTotal;
          };
      double slack = Math.log(target / predicted);
      ErrorBand band = pool.band(measure);
      certain *= below(band, slack, widening, cold);
      unknown *= below(band, slack, Math.max(UNKNOWN_WIDENING, widening), cold);
      alone *= below(band, Math.log(target / (best * band.correction(0))), 1, cold);
    }
    Calibration.Line calibrated = pool.calibration().at(now);
    ErrorBand ofTtft = pool.band(Measure.TTFT);
    ErrorBand ofTpot = pool.band(Measure.TPOT);
    return new Forecast(
        ttft,
        tpot,
        total,
        ttft * Math.exp(ofTtft.quantile(0.5)),
        ttft * Math.exp(ErrorBand.widen(ofTtft.quantile(ask.objective()), widening)),
        tpot * Math.exp(ofTpot.quantile(0.5)),
        tpot * Math.exp(ErrorBand.widen(ofTpot.quantile(ask.objective()), widening)),
        certain,
        calibrated.of(certain),
        calibrated.of(unknown),
        work(own, self, ask),
        alone,
        ttftCrowding,
        tpotCrowding,
        totalCrowding,
        widening,
        doubt > 1);
  }

  /** What is old is less certain, up to what is unknown. */
  private static double stale(double age) {
    return 1 + Math.clamp((age - FRESH) / (1 - FRESH), 0, UNKNOWN_WIDENING - 1);
  }

  private static double below(ErrorBand band, double slack, double widening, boolean cold) {
    return cold
        ? Normal.cdf(slack / (ErrorBand.PRIOR_SIGMA * widening))
        : band.below(slack, widening);
  }

  /** The tightest bound on a measure in seconds; infinite where nothing is asked. */
  static double target(Measure measure, Targets targets) {
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

  /**
   * Learns how far off a forecast was. When errors have drifted away, the steps of that pool and
   * variant are learned faster for a while.
   *
   * @param now monotonic nanoseconds
   * @return whether they have
   */
  public boolean learn(Measured measured, long now) {
    Forecast forecast = measured.forecast();
    PoolErrors pool = errors(measured.pool(), measured.streaming(), measured.lane());
    boolean drifted = pool.learn(measured);
    if (drifted) {
      hurry(measured.pool());
    }
    if (measured.met() != null && forecast.rawMeets() < 1) {
      pool.calibration().observe(forecast.rawMeets(), measured.met(), now);
    }
    return drifted;
  }

  private void hurry(String pool) {
    engines.forEach((engine, model) -> {
      if (engine.equals(pool) || engine.startsWith(pool + "#")) {
        model.hurry();
      }
    });
  }

  /** Whether bands of this kind are taken wider because they do not hold. */
  public boolean conservative(String pool, boolean streaming, Lane lane) {
    return errors(pool, streaming, lane).widening() > 1;
  }

  PoolErrors errors(String pool, boolean streaming, Lane lane) {
    Kinds kinds = errors.get(pool);
    if (kinds == null) {
      kinds = errors.computeIfAbsent(pool, name -> new Kinds());
    }
    PoolErrors found = (streaming ? kinds.streamed : kinds.whole).get(lane);
    if (found == null) {
      throw new IllegalStateException("no errors of lane " + lane);
    }
    return found;
  }

  StepModel model(String engine, long parameterBytes) {
    StepModel model = engines.get(engine);
    return model != null
        ? model
        : engines.computeIfAbsent(engine, id -> new StepModel(prior(id, parameterBytes)));
  }

  private StepPrior prior(String engine, long parameterBytes) {
    StepPrior own = measured.get(engine);
    return own != null ? own : StepPrior.of(parameterBytes, prior);
  }

  /** Errors of a pool and variant, by lane. */
  private static final class Kinds {
    private final EnumMap<Lane, PoolErrors> streamed = new EnumMap<>(Lane.class);
    private final EnumMap<Lane, PoolErrors> whole = new EnumMap<>(Lane.class);

    Kinds() {
      for (Lane lane : Lane.values()) {
        streamed.put(lane, new PoolErrors());
        whole.put(lane, new PoolErrors());
      }
    }
  }
}
