package dev.gearbox.policy.decide;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.Ask;
import dev.gearbox.policy.predict.CacheModel;
import dev.gearbox.policy.predict.EngineLoad;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.LengthModel;
import dev.gearbox.policy.predict.Underway;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds the facts of every engine that might answer a request. */
final class CandidateList {
  private final LatencyModel latency;
  private final LengthModel lengths;
  private final CacheModel caches;
  private final Bookings bookings;
  private final Underway underway;
  private final OpenEngines opened;
  private final Prices prices;

  CandidateList(
      LatencyModel latency,
      LengthModel lengths,
      CacheModel caches,
      Bookings bookings,
      Underway underway,
      OpenEngines opened,
      Prices prices) {
    this.latency = latency;
    this.lengths = lengths;
    this.caches = caches;
    this.bookings = bookings;
    this.underway = underway;
    this.opened = opened;
    this.prices = prices;
  }

  /**
   * What shares a device.
   *
   * @param loads of its engines
   * @param cycle seconds that a turn of all of them takes
   * @param idle whether none of them is open
   */
  private record Shared(List<EngineLoad> loads, double cycle, boolean idle) {}

  List<CandidateFacts> build(ModelTable models, RequestFacts request, Signals signals, long now) {
    Map<String, VariantFacts> family = models.family(request.model());
    Map<String, List<EngineLoad>> loads = new HashMap<>();
    for (EngineSignal signal : signals.engines()) {
      // Requests with an adapter are in the batch of another engine, which counts them.
      if (EngineNames.isAdapter(signal.engine())) {
        continue;
      }
      loads
          .computeIfAbsent(signal.device(), id -> new ArrayList<>())
          .add(load(models, signal, now));
    }
    Map<String, Shared> devices = new HashMap<>();
    loads.forEach((device, all) -> devices.put(device, shared(all, now)));
    int expected =
        lengths.expect(request.serviceClass().name(), request.tenant(), request.maxTokens());
    List<CandidateFacts> candidates = new ArrayList<>();
    for (EngineSignal signal : signals.engines()) {
      VariantFacts variant = family.get(signal.variant());
      Shared device = devices.get(signal.device());
      if (variant != null && device != null && carried(signal, device)) {
        candidates.add(candidate(request, signal, variant, device, expected, now));
      }
    }
    return candidates;
  }

  /** Whether the engine that runs its batch is there: an adapter may outlive it by a moment. */
  private static boolean carried(EngineSignal signal, Shared device) {
    String batch = EngineNames.batch(signal.engine());
    return device.loads().stream().anyMatch(load -> load.engine().equals(batch));
  }

  private Shared shared(List<EngineLoad> loads, long now) {
    boolean idle = true;
    for (EngineLoad load : loads) {
      idle = idle && !open(load, now);
    }
    return new Shared(loads, latency.cycle(loads), idle);
  }

  private boolean open(EngineLoad load, long now) {
    return load.running() > 0 || load.waiting() > 0 || opened.held(load.engine(), now);
  }

  /** A pool may be configured with several variants, and each errs in its own way. */
  static String errorGroup(String pool, String variant) {
    return pool + "/" + variant;
  }

  private EngineLoad load(ModelTable models, EngineSignal signal, long now) {
    VariantFacts variant = models.variant(signal.variant());
    Bookings.Sum booked = bookings.pending(signal.engine(), signal.takenNanos(), now);
    boolean interactive = underway.interactive(signal.device(), signal.engine());
    long bytes = variant == null ? 1 : variant.parameterBytes();
    return EngineLoad.of(signal, bytes, booked.requests(), booked.tokens(), interactive);
  }

  private CandidateFacts candidate(
      RequestFacts request,
      EngineSignal signal,
      VariantFacts variant,
      Shared device,
      int expected,
      long now) {
    String batch = EngineNames.batch(signal.engine());
    EngineLoad self = null;
    List<EngineLoad> others = new ArrayList<>(device.loads().size());
    for (EngineLoad load : device.loads()) {
      if (load.engine().equals(batch)) {
        self = load;
      } else {
        others.add(load);
      }
    }
    if (self == null) {
      throw new IllegalStateException("no load of engine " + batch);
    }
    int prompt = request.promptTokens().getOrDefault(variant.name(), -1);
    int known = Math.max(0, prompt);
    int cached = caches.expect(signal.engine(), request.tenant(), known);
    double age = Math.max(0, now - signal.takenNanos()) / 1e9;
    Ask ask =
        new Ask(
            errorGroup(signal.pool(), variant.name()),
            request.streaming(),
            request.serviceClass().lane(),
            known,
            cached,
            expected,
            Math.max(0, now - request.arrivedNanos()) / 1e9,
            age,
            request.targets(),
            request.serviceClass().attainment(),
            underway.ahead(
                signal.device(),
                batch,
                request.serviceClass().sheddable() ? Lane.BULK : request.serviceClass().lane(),
                request.serviceClass().priority(),
                self.running() + self.waiting()));
    Forecast forecast = latency.forecast(self, others, ask);
    double damage =
        underway.damage(signal.device(), latency.joining(self, ask), device.cycle(), now);
    return new CandidateFacts(
        signal.engine(),
        variant.name(),
        signal.pool(),
        signal.device(),
        signal.state(),
        age,
        variant.quality(),
        variant.techniques(),
        variant.features(),
        variant.maxContext(),
        prompt,
        cached,
        expected,
        self.running(),
        self.waiting(),
        self.maxSequences(),
        signal.kvUsage(),
        variant.costPer1kTokens() * (known + expected) / 1000,
        device.idle() || open(self, now),
        forecast,
        damage,
        prices.lambda(signal.device()));
  }
}
