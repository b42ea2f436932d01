package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.rule.Rules;
import java.time.Instant;
import java.util.List;

/**
 * A decision on facts that somebody wrote down: nothing is booked, counted or kept. What checks and
 * tests of rules, and replays outside a gateway, decide with.
 *
 * @param request facts of the request
 * @param candidates facts of the engines that might answer
 * @param boost how much more its class is worth for being behind its objective
 * @param seed of the exploration
 */
public record Trial(
    RequestFacts request, List<CandidateFacts> candidates, double boost, long seed) {
  public Trial {
    candidates = List.copyOf(candidates);
  }

  /** The record of the decision that these rules lead to. Pure. */
  public DecisionRecord under(Rules rules) {
    return Deliberation.of(request, candidates, rules, ChoiceOptions.DEFAULT, boost, seed)
        .record("trial", Instant.EPOCH, rules.version(), seed, boost);
  }
}
