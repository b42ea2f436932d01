package dev.gearbox.policy.rule;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import java.util.List;

/** Says what is allowed. A pure function of its arguments; thread-safe. */
public sealed interface Rules permits RuleBase, ConservativeRules {
  /** Names the rules: equal texts have equal versions. */
  String version();

  /** All rules, ordered by name. */
  List<RuleInfo> rules();

  /** The texts that they were compiled of, in their order; empty for what comes without any. */
  default List<RuleSource> sources() {
    return List.of();
  }

  Ruled apply(RequestFacts request, List<CandidateFacts> candidates);
}
