package dev.gearbox.policy.decide;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.rule.Rules;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A recorded decision made again from its own facts.
 *
 * @param id of the decision
 * @param same whether the answer is the same
 * @param differences what is not, one a line
 * @param decision the answer of the rules at hand
 */
public record Replay(String id, boolean same, List<String> differences, Decision decision) {
  public Replay {
    differences = List.copyOf(differences);
  }

  /** Decides {@code recorded} again under {@code rules}. Pure. */
  public static Replay of(DecisionRecord recorded, Rules rules, ChoiceOptions options) {
    List<CandidateFacts> facts = recorded.candidates().stream().map(CandidateRow::facts).toList();
    Deliberation again =
        Deliberation.of(
            recorded.request(), facts, rules, options, recorded.boost(), recorded.seed());
    Decision decision = again.decision(recorded.id());
    List<String> differences = new ArrayList<>();
    differ(differences, "policy version", recorded.policyVersion(), rules.version());
    differ(differences, "fallback", recorded.fallback(), again.ruled().fallback());
    differ(differences, "rules fired", recorded.rules(), again.ruled().firings());
    differ(differences, "decision", recorded.decision(), decision);
    return new Replay(recorded.id(), decision.equals(recorded.decision()), differences, decision);
  }

  private static void differ(
      List<String> differences, String what, @Nullable Object recorded, @Nullable Object again) {
    if (!Objects.equals(recorded, again)) {
      differences.add(what + ": recorded " + recorded + ", again " + again);
    }
  }
}
