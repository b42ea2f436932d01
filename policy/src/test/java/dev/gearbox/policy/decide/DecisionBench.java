package dev.gearbox.policy.decide;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.telemetry.signal.Signals;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How long a decision takes, record and booking included: {@code java -cp …
 * dev.gearbox.policy.decide.DecisionBench}. Results in {@code policy/bench-results/decision.md}.
 */
final class DecisionBench {
  private static final int WARM_UP = 20_000;
  private static final int MEASURED = 100_000;

  private DecisionBench() {}

  public static void main(String[] args) throws Exception {
    long started = System.nanoTime();
    RuleBase.compile(List.of(RuleSource.builtIn()));
    System.out.printf("rule base: %.0f ms to the first decision%n", millis(started));
    long again = System.nanoTime();
    RuleBase.compile(List.of(RuleSource.builtIn()));
    System.out.printf("rule base: %.0f ms compiled again%n", millis(again));
    System.out.println("| candidates | targets | underway | p50 µs | p99 µs | p99.9 µs |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    for (int candidates : new int[] {2, 8, 32}) {
      Targets four =
          new Targets(
              Duration.ofSeconds(2),
              Duration.ofMillis(500),
              Duration.ofMinutes(1),
              null,
              0.5,
              null);
      measure(candidates, Targets.NONE, "none", 0);
      measure(candidates, four, "four", 0);
      measure(candidates, four, "four", 8 * candidates);
    }
  }

  private static void measure(int candidates, Targets targets, String name, int underway) {
    TestingPolicy gear = new TestingPolicy();
    Map<String, Integer> prompt = new HashMap<>();
    List<VariantFacts> variants = new ArrayList<>();
    gear.engines.clear();
    for (int i = 0; i < candidates; i++) {
      String variant = "v" + i;
      variants.add(
          TestingPolicy.variant(variant, 0.4 + 0.6 * i / candidates, 50_000_000L * (i + 1)));
      gear.engine(variant, State.READY, i % 4, i % 3);
      prompt.put(variant, 100);
    }
    gear.policy.update(Map.of("auto", variants));
    Deque<RequestTimeline> running = new ArrayDeque<>();
    long[] nanos = new long[MEASURED];
    for (int i = -WARM_UP; i < MEASURED; i++) {
      gear.advance(0.05);
      RequestFacts any = gear.request(targets);
      RequestFacts request =
          new RequestFacts(
              any.requestId(),
              "auto",
              any.serviceClass(),
              any.tenant(),
              targets,
              prompt,
              256,
              true,
              Set.of(Feature.CHAT),
              gear.clock.get());
      Signals signals = gear.signals();
      long start = System.nanoTime();
      Decision decision = gear.policy.decide(request, signals);
      long end = System.nanoTime();
      running.add(gear.timeline(request, decision, 0.1, 0.5, Outcome.STOP));
      if (running.size() > underway) {
        gear.policy.complete(running.remove());
      }
      if (i >= 0) {
        nanos[i] = end - start;
      }
    }
    Arrays.sort(nanos);
    System.out.printf(
        "| %d | %s | %d | %.1f | %.1f | %.1f |%n",
        candidates,
        name,
        underway,
        nanos[MEASURED / 2] / 1e3,
        nanos[MEASURED / 100 * 99] / 1e3,
        nanos[MEASURED / 1000 * 999] / 1e3);
  }

  private static double millis(long since) {
    return (System.nanoTime() - since) / 1e6;
  }
}
