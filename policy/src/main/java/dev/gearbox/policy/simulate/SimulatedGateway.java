package dev.gearbox.policy.simulate;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A gateway with a policy of its own. It sees the engines as they were at its last look, hands
 * requests out, tries the alternatives where an engine has no place or is lost before the first
 * token, and tells what became of everything.
 */
final class SimulatedGateway {
  /** Any engine can answer a made-up prompt. */
  static final Set<Feature> NEEDS = Set.of();

  /** What ids of requests begin with; the arrival's number follows. */
  static final String ID = "req-";

  static final String TENANT = "simulated";

  private final String model;
  private final List<String> variants;
  private final int maxTokens;
  private final VirtualTime time;
  private final Arm arm;
  private final SimulatedFloor floor;
  private final long signalNanos;
  private final Consumer<Ended> ended;
  private final Map<Flight, Integer> tried = new HashMap<>();
  private @Nullable Signals seen;

  /**
   * A gateway.
   *
   * @param maxTokens what clients ask for at most
   * @param signalNanos time between two looks at the engines
   */
  SimulatedGateway(
      Fleet fleet,
      int maxTokens,
      VirtualTime time,
      Arm arm,
      SimulatedFloor floor,
      long signalNanos,
      Consumer<Ended> ended) {
    this.model = fleet.model();
    this.variants = fleet.variants().stream().map(each -> each.name()).toList();
    this.maxTokens = maxTokens;
    this.time = time;
    this.arm = arm;
    this.floor = floor;
    this.signalNanos = signalNanos;
    this.ended = ended;
  }

  /** Decides a request and hands it out. */
  void arrive(Arrival arrival) {
    Map<String, Integer> tokens = new HashMap<>();
    variants.forEach(variant -> tokens.put(variant, arrival.promptTokens()));
    RequestFacts facts =
        new RequestFacts(
            ID + arrival.number(),
            model,
            arrival.serviceClass(),
            TENANT,
            arrival.serviceClass().targets(),
            tokens,
            maxTokens,
            true,
            NEEDS,
            time.now());
    switch (arm.decide(facts, signals())) {
      case Decision.Route route -> {
        Flight flight = new Flight(arrival, facts, route, time.now());
        if (!submit(flight, 0)) {
          finish(null, flight, Outcome.REFUSED);
        }
      }
      case Decision.Refuse refuse -> refuse(arrival, facts, refuse);
    }
  }

  private void refuse(Arrival arrival, RequestFacts facts, Decision.Refuse refuse) {
    long now = time.now();
    arm.complete(Flight.refused(facts, refuse.id(), now));
    ended.accept(Ended.refused(arrival));
  }

  /** Tries the chosen engine and then the alternatives, from number {@code from} on. */
  private boolean submit(Flight flight, int from) {
    List<String> order = new ArrayList<>();
    order.add(flight.route().engine());
    order.addAll(flight.route().alternatives());
    for (int i = from; i < order.size(); i++) {
      if (floor.submit(order.get(i), flight)) {
        tried.put(flight, i + 1);
        arm.submitted(flight.facts().requestId());
        return true;
      }
    }
    return false;
  }

  void step(StepRecord step) {
    arm.step(step);
  }

  /** An engine is done with a request of this gateway. */
  void ended(SimulatedEngine engine, Flight flight, Outcome outcome) {
    Integer next = tried.remove(flight);
    if (outcome == Outcome.FAILED && flight.tokens() == 0 && next != null) {
      if (submit(flight, next)) {
        return;
      }
    }
    finish(engine, flight, outcome);
  }

  private void finish(@Nullable SimulatedEngine engine, Flight flight, Outcome outcome) {
    long now = time.now();
    String id = engine == null ? null : engine.id();
    EngineProfile profile = engine == null ? null : engine.profile();
    RequestTimeline timeline = flight.timeline(id, profile, outcome, now);
    arm.complete(timeline);
    ended.accept(Ended.of(flight, profile, outcome, timeline, now));
  }

  /** What this gateway knows of the engines: how they were at its last look. */
  private Signals signals() {
    Signals last = seen;
    if (last == null || time.now() - last.takenNanos() >= signalNanos) {
      List<EngineSignal> ofEngines = new ArrayList<>();
      floor.engines().values().forEach(engine -> ofEngines.add(engine.signal(time.now())));
      List<DeviceSignal> ofDevices = new ArrayList<>();
      floor.devices().forEach(device -> ofDevices.add(device.signal()));
      last = new Signals(time.now(), ofEngines, ofDevices);
      seen = last;
    }
    return last;
  }
}
