package dev.gearbox.policy.decide;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Revoked;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.Ask;
import dev.gearbox.policy.predict.CacheModel;
import dev.gearbox.policy.predict.DeviceLoad;
import dev.gearbox.policy.predict.EngineLoad;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.predict.LengthModel;
import dev.gearbox.policy.predict.Underway;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds the facts of every engine that might answer a request. */
final class CandidateList {
  private final LatencyModel latency;
  private final LengthModel lengths;
  private final CacheModel caches;
  private final Bookings bookings;
  private final Underway underway;
  private final OpenEngines opened;
  private final Prices prices;
  private final Map<String, Revoked> revoked;
  private final int sampleAbove;
  private volatile @Nullable Roster latest;

  CandidateList(
      LatencyModel latency,
      LengthModel lengths,
      CacheModel caches,
      Bookings bookings,
      Underway underway,
      OpenEngines opened,
      Prices prices,
      Map<String, Revoked> revoked,
      int sampleAbove) {
    this.latency = latency;
    this.lengths = lengths;
    this.caches = caches;
    this.bookings = bookings;
    this.underway = underway;
    this.opened = opened;
    this.prices = prices;
    this.revoked = revoked;
    this.sampleAbove = sampleAbove;
  }

  /**
   * The engines that might answer, in the order of the snapshot; of many that are alike, some.
   *
   * @param seed of the draw among those that are alike
   */
  List<CandidateFacts> build(
      ModelTable models, RequestFacts request, Signals signals, long seed, long now) {
    Roster roster = roster(models, signals);
    List<Roster.Seat> seats = Draw.of(roster.family(request.model()), seed, sampleAbove);
    int expected =
        lengths.expect(request.serviceClass().name(), request.tenant(), request.maxTokens());
    Shared[] devices = new Shared[roster.devices()];
    List<CandidateFacts> candidates = new ArrayList<>(seats.size());
    for (Roster.Seat seat : seats) {
      int number = seat.device().number();
      Shared device = devices[number];
      if (device == null) {
        device = shared(seat.device(), request.serviceClass(), expected, now);
        devices[number] = device;
      }
      candidates.add(candidate(request, seat, device, expected, now));
    }
    return candidates;
  }

  private Roster roster(ModelTable models, Signals signals) {
    Roster known = latest;
    if (known == null || !known.of(signals, models)) {
      known = new Roster(signals, models);
      latest = known;
    }
    return known;
  }

  /**
   * What shares a device.
   *
   * @param load of its engines
   * @param idle whether none of them is open
   * @param overtaking share of it that goes to those who come and go before the request
   * @param price of a second of it
   */
  private record Shared(DeviceLoad load, boolean idle, double overtaking, double price) {}

  private Shared shared(Roster.Device device, ServiceClass of, int expected, long now) {
    List<EngineLoad> loads = new ArrayList<>(device.engines().size());
    boolean idle = true;
    for (int i = 0; i < device.engines().size(); i++) {
      EngineSignal signal = device.engines().get(i);
      Bookings.Sum booked = bookings.pending(signal.engine(), signal.takenNanos(), now);
      boolean interactive = underway.interactive(device.id(), signal.engine());
      EngineLoad load =
          EngineLoad.of(
              signal, device.bytes().get(i), booked.requests(), booked.tokens(), interactive);
      loads.add(load);
      idle = idle && !open(load, now);
    }
    return new Shared(
        latency.device(loads, expected, now),
        idle,
        underway.overtaking(device.id(), lane(of), of.priority(), now),
        prices.lambda(device.id()));
  }

  /** Rules give way to others whom they may shed. */
  private static Lane lane(ServiceClass of) {
    return of.sheddable() ? Lane.BULK : of.lane();
  }

  private boolean open(EngineLoad load, long now) {
    return load.running() > 0 || load.waiting() > 0 || opened.held(load.engine(), now);
  }

  /** A pool may be configured with several variants, and each errs in its own way. */
  static String errorGroup(String pool, String variant) {
    return pool + "/" + variant;
  }

  private CandidateFacts candidate(
      RequestFacts request, Roster.Seat seat, Shared device, int expected, long now) {
    EngineSignal signal = seat.signal();
    VariantFacts variant = seat.variant();
    ServiceClass of = request.serviceClass();
    EngineLoad self = device.load().load(seat.place());
    int prompt = request.promptTokens().getOrDefault(variant.name(), -1);
    int known = Math.max(0, prompt);
    Integer held = request.heldTokens().get(signal.engine());
    int cached =
        held == null
            ? caches.expect(signal.engine(), request.tenant(), known)
            : Math.clamp(held, 0, Math.max(0, known - 1));
    double age = Math.max(0, now - signal.heardNanos()) / 1e9;
    Ask ask =
        new Ask(
            seat.errors(),
            request.streaming(),
            of.lane(),
            known,
            cached,
            expected,
            Math.max(0, now - request.arrivedNanos()) / 1e9,
            age,
            request.targets(),
            of.attainment(),
            underway.ahead(
                signal.device(),
                seat.batch(),
                lane(of),
                of.priority(),
                self.running() + self.waiting()),
            device.overtaking(),
            request.origin().lag());
    Forecast forecast = latency.forecast(device.load(), seat.place(), ask);
    double damage =
        underway.damage(
            signal.device(),
            latency.joining(device.load(), seat.place(), ask),
            device.load().cycle(),
            now);
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
        device.price(),
        revoked.get(variant.name()));
  }
}
