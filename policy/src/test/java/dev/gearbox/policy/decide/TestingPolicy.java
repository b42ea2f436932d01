package dev.gearbox.policy.decide;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.policy.rule.Rules;
import dev.gearbox.telemetry.meter.Meters;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.DeviceSignal;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A policy on a hand-turned clock with three variants of one model on one CPU: {@code small}
 * (quality 0.6), {@code medium} (0.8) and {@code large} (1.0), which is slow.
 */
final class TestingPolicy {
  static final Rules DEFAULT_RULES = compileDefault();
  static final long SECOND = 1_000_000_000L;

  final AtomicLong clock = new AtomicLong(1000 * SECOND);
  final Meters meters = new Meters(100);
  final DecisionLog log = new DecisionLog(100);
  final LatencyModel latency = new LatencyModel(DevicePrior.CPU);
  final GearboxPolicy policy;
  final Map<String, EngineSignal> engines = new LinkedHashMap<>();
  double busy;
  private int requests;

  TestingPolicy() {
    this(DEFAULT_RULES, ChoiceOptions.DEFAULT);
  }

  TestingPolicy(Rules rules, ChoiceOptions options) {
    policy =
        new GearboxPolicy(
            rules, options, latency, log, meters.policy(), clock::get, () -> Instant.EPOCH, 42);
    policy.update(
        Map.of(
            "auto",
            List.of(
                variant("small", 0.6, 90_000_000L),
                variant("medium", 0.8, 400_000_000L),
                variant("large", 1.0, 1_000_000_000L))));
    ready("small");
    ready("medium");
    ready("large");
  }

  private static Rules compileDefault() {
    try {
      return RuleBase.compile(List.of(RuleSource.builtIn()));
    } catch (RuleException e) {
      throw new IllegalStateException(e);
    }
  }

  static VariantFacts variant(String name, @Nullable Double quality, long bytes) {
    return new VariantFacts(
        name, Set.of("quantized"), quality, 2048, Set.of(Feature.CHAT), bytes, 0);
  }

  void ready(String variant) {
    engine(variant, EngineSignal.State.READY, 0, 0);
  }

  void engine(String variant, EngineSignal.State state, int running, int waiting) {
    engines.put(
        variant,
        new EngineSignal(
            "cpu/" + variant,
            "cpu",
            variant,
            "cpu-simd",
            state,
            running,
            waiting,
            waiting * 100,
            running * 200L,
            8,
            1000,
            1000,
            clock.get()));
  }

  /** A second engine of {@code variant}, idle on a device of its own. */
  void elsewhere(String variant) {
    engines.put(
        variant + "#1",
        new EngineSignal(
            "cpu/" + variant + "#1",
            "cpu",
            variant,
            "elsewhere",
            EngineSignal.State.READY,
            0,
            0,
            0,
            0,
            8,
            1000,
            1000,
            clock.get()));
  }

  void advance(double seconds) {
    clock.addAndGet((long) (seconds * SECOND));
  }

  /** A snapshot in which every engine has just spoken. */
  Signals signals() {
    long now = clock.get();
    List<EngineSignal> fresh = new ArrayList<>();
    for (EngineSignal each : engines.values()) {
      fresh.add(at(each, now));
    }
    return new Signals(now, fresh, List.of(new DeviceSignal("cpu-simd", busy, now)));
  }

  static EngineSignal at(EngineSignal each, long now) {
    return new EngineSignal(
        each.engine(),
        each.pool(),
        each.variant(),
        each.device(),
        each.state(),
        each.running(),
        each.waiting(),
        each.pendingPrefillTokens(),
        each.contextTokens(),
        each.maxSequences(),
        each.kvBlocksFree(),
        each.kvBlocksTotal(),
        now);
  }

  static ServiceClass serviceClass(Targets targets, int priority) {
    return new ServiceClass(
        priority < 0 ? "batch" : "standard",
        targets,
        0.95,
        Duration.ofDays(30),
        priority,
        Lane.INTERACTIVE,
        ServiceClass.Weights.DEFAULT);
  }

  static Targets ttft(Duration ttft) {
    return new Targets(ttft, null, null, null, null, null);
  }

  static Targets quality(double floor) {
    return new Targets(null, null, null, null, floor, null);
  }

  RequestFacts request(Targets targets) {
    return request(serviceClass(Targets.NONE, 0), targets);
  }

  RequestFacts request(ServiceClass serviceClass, Targets targets) {
    return new RequestFacts(
        "req-" + requests++,
        "auto",
        serviceClass,
        "acme",
        targets,
        Map.of("small", 40, "medium", 40, "large", 40, "adapter", 40),
        256,
        true,
        Set.of(Feature.CHAT),
        clock.get());
  }

  Decision decide(Targets targets) {
    return policy.decide(request(targets), signals());
  }

  Decision.Route route(RequestFacts request) {
    Decision decision = policy.decide(request, signals());
    if (decision instanceof Decision.Route route) {
      policy.submitted(request.requestId());
      return route;
    }
    throw new AssertionError("refused: " + decision);
  }

  Decision.Refuse refuse(RequestFacts request) {
    Decision decision = policy.decide(request, signals());
    if (decision instanceof Decision.Refuse refuse) {
      return refuse;
    }
    throw new AssertionError("routed: " + decision);
  }

  /** How {@code request} ended after it was routed and took these times. */
  RequestTimeline timeline(
      RequestFacts request, Decision decision, double ttft, double total, Outcome outcome) {
    return timeline(request, decision, ttft, total, outcome, 0);
  }

  /** The same, with {@code cached} tokens of the prompt found in the prefix cache. */
  RequestTimeline timeline(
      RequestFacts request,
      Decision decision,
      double ttft,
      double total,
      Outcome outcome,
      int cached) {
    long arrived = request.arrivedNanos();
    Decision.Route route = decision instanceof Decision.Route one ? one : null;
    return new RequestTimeline(
        request.requestId(),
        decision.id(),
        request.model(),
        route == null ? null : route.variant(),
        route == null ? null : route.pool(),
        route == null ? null : route.engine(),
        request.serviceClass().name(),
        request.tenant(),
        request.streaming(),
        arrived,
        arrived,
        arrived,
        ttft > 0 ? arrived + (long) (ttft * 1e9) : 0,
        arrived + (long) (total * 1e9),
        ttft > 0 ? new TokenCounts(40, cached, 20) : TokenCounts.NONE,
        EngineTimings.NONE,
        outcome,
        outcome == Outcome.REFUSED ? 429 : 200);
  }
}
