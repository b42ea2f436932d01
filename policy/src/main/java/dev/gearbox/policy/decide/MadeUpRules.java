package dev.gearbox.policy.decide;

import dev.gearbox.policy.rule.RuleSource;

/** Rules as an operator might add them to the default ones, as many as asked for. */
final class MadeUpRules {
  private static final String HEAD =
      """
      package gearbox.bench

      import dev.gearbox.engine.Lane
      import dev.gearbox.policy.fact.CandidateFacts
      import dev.gearbox.policy.fact.ClassFacts
      import dev.gearbox.policy.fact.RequestFacts
      import dev.gearbox.policy.fact.ServiceClass
      import dev.gearbox.policy.rule.Reason

      global dev.gearbox.policy.rule.Ruling ruling

      """;

  /** What operators write: floors for tenants, limits of load, caps, lanes, techniques to avoid. */
  private static final String[] FORMS = {
    """
    rule "floor for tenant %1$d"
      @Description("What this tenant asks for is answered by good variants only")
      salience 20
    when
      $c : CandidateFacts( quality == null || quality < 0.8, $quality : quality )
      RequestFacts( tenant == "tenant-%1$d" )
    then
      ruling.exclude($c, Reason.POLICY, $quality, ">=", 0.8);
    end
    """,
    """
    rule "memory nearly full %1$d"
      @Description("An engine whose KV memory is nearly full takes no long prompts")
      salience 20
    when
      $c : CandidateFacts( promptTokens > %1$d00, kvUsage > 0.9, $usage : kvUsage )
    then
      ruling.exclude($c, Reason.POLICY, $usage, "<=", 0.9);
    end
    """,
    """
    rule "short answers for guests %1$d"
      @Description("Guests get short answers")
      salience 20
    when
      RequestFacts( tenant == "guest-%1$d", maxTokens > 64 )
    then
      ruling.capTokens(64);
    end
    """,
    """
    rule "bulk lane for class %1$d"
      @Description("This class fills what the others leave")
      salience 10
    when
      ServiceClass( name == "nightly-%1$d", lane != Lane.BULK )
    then
      ruling.lane(Lane.BULK);
    end
    """,
    """
    rule "technique to avoid %1$d"
      @Description("Variants made this way do not answer while the class is behind")
      salience 20
    when
      $c : CandidateFacts( techniques contains "technique-%1$d", $techniques : techniques )
      ClassFacts( burn1h > 1.0 )
    then
      ruling.exclude($c, Reason.POLICY, $techniques, "without", "technique-%1$d");
    end
    """
  };

  private MadeUpRules() {}

  /** So many rules in one file; each of them is matched at every decision. */
  static RuleSource of(int count) {
    StringBuilder text = new StringBuilder(HEAD);
    for (int i = 0; i < count; i++) {
      text.append(FORMS[i % FORMS.length].formatted(i)).append('\n');
    }
    return new RuleSource("bench.drl", text.toString());
  }
}
