package dev.gearbox.policy.rule;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.ClassFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Made-up facts that make most rules fire. A new rule base plays them a few times before it decides
 * anything: Drools loads and compiles what it needs on first use, which takes a hundred times as
 * long as a decision may.
 */
final class Rehearsal {
  /** Drools compiles a condition after it was evaluated twenty times. */
  static final int ROUNDS = 30;

  /** Rules fired in a round at most; rules that go round forever shall not hold up the start. */
  static final int FIRINGS = 200;

  static final RequestFacts REQUEST =
      new RequestFacts(
          "rehearsal",
          "rehearsal",
          new ServiceClass(
              "rehearsal",
              Targets.NONE,
              0.95,
              Duration.ofDays(1),
              -1,
              Lane.INTERACTIVE,
              ServiceClass.Weights.DEFAULT),
          "rehearsal",
          new Targets(
              Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1), 1.0, 0.5, 1.0),
          Map.of(),
          16,
          true,
          Set.of(Feature.CHAT),
          0,
          new ClassFacts("rehearsal", 0.95, 9, 9, 9, 9, 9, 9, 9, 9, 0.1, 1000, 1000));

  static final List<CandidateFacts> CANDIDATES =
      List.of(
          candidate("a", State.READY, 0.9, 10, 0),
          candidate("b", State.LOADING, 0.4, 10, 0),
          candidate("c", State.READY, 0.9, 5000, 90));

  private Rehearsal() {}

  private static CandidateFacts candidate(
      String engine, State state, double quality, int prompt, double age) {
    return new CandidateFacts(
        engine,
        engine,
        "p",
        "d",
        state,
        age,
        quality,
        Set.of(),
        Set.of(Feature.CHAT),
        1000,
        prompt,
        0,
        20,
        1,
        1,
        8,
        0.5,
        0.1,
        true,
        new Forecast(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, false),
        0,
        0,
        null);
  }
}
