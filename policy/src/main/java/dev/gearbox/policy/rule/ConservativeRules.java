package dev.gearbox.policy.rule;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Revoked;
import java.util.List;
import java.util.Locale;

/**
 * The rules without which nothing sound can be chosen, in Java: they hold while no rule base is
 * compiled and when one fails or takes too long.
 */
public final class ConservativeRules implements Rules {
  public static final ConservativeRules INSTANCE = new ConservativeRules();

  private static final RuleInfo RULE =
      new RuleInfo("built-in", "What must hold whatever the rules say");

  private static final RuleInfo DRIFT =
      new RuleInfo(
          "quality drift",
          "Audits found the variant's answers further from the reference than its quality explains");

  private ConservativeRules() {}

  @Override
  public String version() {
    return "built-in";
  }

  @Override
  public Ruled apply(RequestFacts request, List<CandidateFacts> candidates) {
    Ruling ruling = new Ruling(request, candidates);
    hold(ruling, request, candidates);
    return ruling.ruled();
  }

  @Override
  public List<RuleInfo> rules() {
    return List.of(RULE, DRIFT);
  }

  /** Excludes what nothing may choose, whatever else was ruled: a rule base cannot undo a floor. */
  static void hold(Ruling ruling, RequestFacts request, List<CandidateFacts> candidates) {
    for (CandidateFacts candidate : candidates) {
      Revoked revoked = candidate.revoked();
      if (revoked != null && !ruling.excludes(candidate)) {
        ruling.speaking(DRIFT.name(), DRIFT.description());
        ruling.exclude(candidate, Reason.POLICY, nats(revoked.gap()), "<=", nats(revoked.limit()));
      }
    }
    ruling.speaking(RULE.name(), RULE.description());
    for (CandidateFacts candidate : candidates) {
      if (!ruling.excludes(candidate)) {
        check(ruling, request, candidate);
      }
    }
  }

  private static String nats(double perByte) {
    return String.format(Locale.ROOT, "%.3f nats per byte", perByte);
  }

  private static void check(Ruling ruling, RequestFacts request, CandidateFacts candidate) {
    Double floor = request.targets().quality();
    Double ceiling = request.targets().cost();
    Double quality = candidate.quality();
    if (!candidate.ready()) {
      ruling.exclude(candidate, Reason.NOT_READY, candidate.state(), "==", "READY");
    } else if (candidate.promptTokens() < 0) {
      ruling.exclude(candidate, Reason.CONTEXT, "prompt", "==", "encodable");
    } else if (candidate.promptTokens() >= candidate.maxContext()) {
      ruling.exclude(
          candidate, Reason.CONTEXT, candidate.promptTokens(), "<", candidate.maxContext());
    } else if (!candidate.features().containsAll(request.needs())) {
      ruling.exclude(candidate, Reason.FEATURE, candidate.features(), "contains", request.needs());
    } else if (floor != null && (quality == null || quality < floor)) {
      ruling.exclude(candidate, Reason.QUALITY, quality, ">=", floor);
    } else if (ceiling != null && candidate.cost() > ceiling) {
      ruling.exclude(candidate, Reason.COST, candidate.cost(), "<=", ceiling);
    }
  }
}
