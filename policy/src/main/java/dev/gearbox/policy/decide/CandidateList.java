package dev.gearbox.policy.decide;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.Ask;
import dev.gearbox.policy.predict.EngineLoad;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.LengthModel;
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
  private final Bookings bookings;
  private final Prices prices;

  CandidateList(LatencyModel latency, LengthModel lengths, Bookings bookings, Prices prices) {
    this.latency = latency;
    this.lengths = lengths;
    this.bookings = bookings;
    this.prices = prices;
  }

  List<CandidateFacts> build(ModelTable models, RequestFacts request, Signals signals, long now) {
    Map<String, VariantFacts> family = models.family(request.model());
    Map<String, List<EngineLoad>> devices = new HashMap<>();
    for (EngineSignal signal : signals.engines()) {
      devices
          .computeIfAbsent(signal.device(), id -> new ArrayList<>())
          .add(load(models, signal, now));
    }
    int expected =
        lengths.expect(request.serviceClass().name(), request.tenant(), request.maxTokens());
    List<CandidateFacts> candidates = new ArrayList<>();
    for (EngineSignal signal : signals.engines()) {
      VariantFacts variant = family.get(signal.variant());
      if (variant != null) {
        List<EngineLoad> device = devices.getOrDefault(signal.device(), List.of());
        candidates.add(candidate(request, signal, variant, device, expected, now));
      }
    }
    return candidates;
  }

  /** A pool may be configured with several variants, and each errs in its own way. */
  static String errorGroup(String pool, String variant) {
    return pool + "/" + variant;
  }

  private EngineLoad load(ModelTable models, EngineSignal signal, long now) {
    VariantFacts variant = models.variant(signal.variant());
    Bookings.Sum booked = bookings.pending(signal.engine(), signal.takenNanos(), now);
    long bytes = variant == null ? 1 : variant.parameterBytes();
    return EngineLoad.of(signal, bytes, booked.requests(), booked.tokens());
  }

  private CandidateFacts candidate(
      RequestFacts request,
      EngineSignal signal,
      VariantFacts variant,
      List<EngineLoad> device,
      int expected,
      long now) {
    EngineLoad self = null;
    List<EngineLoad> others = new ArrayList<>(device.size());
    for (EngineLoad load : device) {
      if (load.engine().equals(signal.engine())) {
        self = load;
      } else {
        others.add(load);
      }
    }
    if (self == null) {
      throw new IllegalStateException("no load of engine " + signal.engine());
    }
    int prompt = request.promptTokens().getOrDefault(variant.name(), -1);
    int known = Math.max(0, prompt);
    Ask ask =
        new Ask(
            errorGroup(signal.pool(), variant.name()),
            request.streaming(),
            request.serviceClass().lane(),
            known,
            expected,
            Math.max(0, now - request.arrivedNanos()) / 1e9,
            request.targets(),
            request.serviceClass().attainment());
    Forecast forecast = latency.forecast(self, others, ask);
    return new CandidateFacts(
        signal.engine(),
        variant.name(),
        signal.pool(),
        signal.device(),
        signal.state(),
        Math.max(0, now - signal.takenNanos()) / 1e9,
        variant.quality(),
        variant.techniques(),
        variant.features(),
        variant.maxContext(),
        prompt,
        expected,
        self.running(),
        self.waiting(),
        self.maxSequences(),
        signal.kvUsage(),
        variant.costPer1kTokens() * (known + expected) / 1000,
        forecast,
        0,
        prices.lambda(signal.device()));
  }
}
