package dev.gearbox.gateway.records;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionLog;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.GearboxPolicy;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.predict.DevicePrior;
import dev.gearbox.policy.predict.LatencyModel;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Records of a policy that decides made-up requests by the default rules. */
public final class TestingRecords {
  private TestingRecords() {}

  public static List<DecisionRecord> make(int count) {
    AtomicLong clock = new AtomicLong(1_000_000_000_000L);
    List<DecisionRecord> records = new ArrayList<>();
    DecisionLog log = new DecisionLog(count + 1, records::add);
    GearboxPolicy policy =
        new GearboxPolicy(
            rules(),
            ChoiceOptions.DEFAULT,
            new LatencyModel(DevicePrior.CPU),
            log,
            new Meters(50).policy(),
            clock::get,
            () -> Instant.EPOCH.plusNanos(clock.get()),
            7);
    policy.update(
        Map.of(
            "auto",
            List.of(
                variant("small", 0.6, 90_000_000L),
                variant("medium", 0.8, 400_000_000L),
                variant("large", 1.0, 1_000_000_000L))));
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < count; i++) {
      clock.addAndGet((long) (random.nextDouble(2) * 1e9));
      RequestFacts request = request(i, random, clock.get());
      Decision decision = policy.decide(request, signals(random, clock.get()));
      policy.submitted(request.requestId());
      if (random.nextInt(4) > 0) {
        policy.complete(timeline(request, decision, random));
      }
    }
    log.close();
    return records;
  }

  private static RuleBase rules() {
    try {
      return RuleBase.compile(List.of(RuleSource.builtIn()));
    } catch (RuleException e) {
      throw new IllegalStateException(e);
    }
  }

  private static VariantFacts variant(String name, double quality, long bytes) {
    return new VariantFacts(
        name, Set.of("quantized"), quality, 2048, Set.of(Feature.CHAT), bytes, 0.02);
  }

  private static RequestFacts request(int number, SplittableRandom random, long now) {
    ServiceClass of =
        new ServiceClass(
            "class-" + random.nextInt(3),
            targets(random),
            0.9,
            Duration.ofDays(1),
            random.nextInt(-1, 3),
            Lane.INTERACTIVE,
            ServiceClass.Weights.DEFAULT);
    Targets asked = random.nextBoolean() ? of.targets() : targets(random);
    int prompt = random.nextInt(1, 2500);
    return new RequestFacts(
        "req-" + number,
        "auto",
        of,
        "tenant-" + random.nextInt(2),
        asked,
        Map.of("small", prompt, "medium", prompt, "large", prompt + 3),
        random.nextInt(1, 512),
        random.nextBoolean(),
        Set.of(Feature.CHAT),
        now);
  }

  private static Targets targets(SplittableRandom random) {
    return new Targets(
        random.nextBoolean() ? null : Duration.ofMillis(random.nextInt(1, 5000)),
        random.nextBoolean() ? null : Duration.ofNanos(random.nextInt(1_000_000, 500_000_000)),
        random.nextBoolean() ? null : Duration.ofSeconds(random.nextInt(1, 50)),
        null,
        random.nextInt(4) > 0 ? null : random.nextDouble(),
        random.nextInt(4) > 0 ? null : random.nextDouble(0.1));
  }

  private static Signals signals(SplittableRandom random, long now) {
    List<EngineSignal> engines = new ArrayList<>();
    for (String variant : List.of("small", "medium", "large")) {
      int waiting = random.nextInt(36);
      engines.add(
          new EngineSignal(
              "cpu/" + variant,
              "cpu",
              variant,
              "cpu-simd",
              random.nextInt(6) == 0 ? EngineSignal.State.LOADING : EngineSignal.State.READY,
              random.nextInt(9),
              waiting,
              waiting * 100,
              400,
              8,
              700,
              1000,
              now - random.nextLong(2_000_000_000L)));
    }
    return new Signals(
        now, engines, List.of(new DeviceSignal("cpu-simd", random.nextDouble(), now)));
  }

  private static RequestTimeline timeline(
      RequestFacts request, Decision decision, SplittableRandom random) {
    Decision.Route route = decision instanceof Decision.Route one ? one : null;
    long arrived = request.arrivedNanos();
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
        route == null ? 0 : arrived + random.nextLong(1, 1_000_000_000L),
        arrived + 2_000_000_000L,
        route == null ? TokenCounts.NONE : new TokenCounts(40, 8, 20),
        EngineTimings.NONE,
        route == null ? Outcome.REFUSED : Outcome.STOP,
        route == null ? 429 : 200);
  }
}
