package dev.gearbox.policy.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Targets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionTableTest {
  private static final CandidateFacts GOOD = Rehearsal.CANDIDATES.get(0);

  @Test
  void rowsAreRulesWithConditionsAndWhatFollows() throws RuleException {
    RuleBase base =
        compile(
            """
            # What guests get.
            rule,             description,                 tenant,     quality, then exclude, then cap tokens, then lane
            guests go cheap,  The best is for who pays,    guest|demo, >= 0.9,  yes,          ,
            guests are short, "Short, and when we can",    guest|demo, ,        ,             64,             bulk
            members only,     Nobody else is looked after, !member,    ,        ,             128,
            """);

    Ruled guest = base.apply(request("guest"), List.of(GOOD));
    Ruled member = base.apply(request("member"), List.of(GOOD));

    assertThat(guest.fallback()).isNull();
    assertThat(guest.excluded().get("a"))
        .isEqualTo(new Exclusion("guests go cheap", Reason.POLICY, "0.9", "<", "0.9"));
    assertThat(guest.maxTokens()).isEqualTo(64);
    assertThat(guest.lane()).isEqualTo(Lane.BULK);
    assertThat(guest.firings())
        .anyMatch(firing -> firing.description().equals("Short, and when we can"));
    assertThat(member.excluded()).isEmpty();
    assertThat(member.maxTokens()).isEqualTo(1000);
  }

  @Test
  void everyColumnCompilesAndFires() throws RuleException {
    RuleBase base =
        compile(
            """
            class,tenant,model,priority,streaming,max tokens,queued,event age,lag,deadline slack,engine,variant,pool,device,technique,\
            quality,prompt tokens,running,waiting,kv usage,cost,signal age,\
            then lane,then cap tokens,then weight,then min quality,then max cost,then relegate,then refuse
            standard,acme,auto,0,yes,>= 10,no,< 1,0,> 5,a,a|b,!q,d,!pruned,<= 0.9,10,1,>= 1,< 0.6,0.1,0,\
            bulk,5,2.5,0.5,1,never,"Not ""today\"""
            """);

    Ruled ruled = base.apply(request("acme"), List.of(GOOD));

    assertThat(ruled.fallback()).isNull();
    assertThat(ruled.lane()).isEqualTo(Lane.BULK);
    assertThat(ruled.classWeight()).isEqualTo(2.5);
    assertThat(ruled.mayRelegate()).isFalse();
    assertThat(ruled.veto())
        .matches(veto -> veto != null && veto.message().equals("Not \"today\""));
    assertThat(base.rules()).extracting(RuleInfo::name).containsExactly("table.csv row 2");
  }

  @Test
  void howARequestCameIsACondition() throws RuleException {
    RuleBase base =
        compile(
            """
            rule,    queued, event age, lag,    deadline slack, then cap tokens
            tight,   yes,    ,          ,       < 30,           10
            patient, yes,    ,          ,       >= 600,         20
            old,     ,       > 60,      >= 100, ,               5
            """);

    assertThat(capped(base, new Origin(true, 1, 0, null, 29.5))).isEqualTo(10);
    assertThat(capped(base, new Origin(true, 1, 0, null, 30.0))).isEqualTo(100);
    assertThat(capped(base, new Origin(true, 1, 0, null, 600.0))).isEqualTo(20);
    // What is never due has all the time there is.
    assertThat(capped(base, new Origin(true, 1, 0, null, null))).isEqualTo(20);
    assertThat(capped(base, new Origin(true, 61, 100, null, 29.5))).isEqualTo(5);
    assertThat(capped(base, new Origin(true, 61, 99, null, 40.0))).isEqualTo(100);
    assertThat(capped(base, Origin.CALL)).isEqualTo(100);
  }

  private static int capped(RuleBase base, Origin origin) {
    Ruled ruled = base.apply(request("acme").from(origin), List.of(GOOD));
    assertThat(ruled.fallback()).isNull();
    return Math.min(100, ruled.maxTokens());
  }

  @Test
  void aFloorOfATableExcludesWhatIsUnderItInItsName() throws RuleException {
    RuleBase base = compile("rule,tenant,then min quality\nacme pays,acme,0.95\n");

    assertThat(base.apply(request("acme"), List.of(GOOD)).excluded().get("a"))
        .isEqualTo(new Exclusion("acme pays", Reason.QUALITY, "0.9", ">=", "0.95"));
    assertThat(base.apply(request("other"), List.of(GOOD)).excluded()).isEmpty();
  }

  @Test
  void everythingThatIsWrongIsToldWithFileRowAndColumn() {
    assertThatThrownBy(() ->
            compile(
                """
                tenant,qualty,quality,then exclude,then lane
                acme,,good,yes,
                acme,,,,fast
                acme,,,,
                acme,,,,,,1
                "acme,,,yes,
                """))
        .asInstanceOf(type(RuleException.class))
        .satisfies(e -> {
          assertThat(e.problems())
              .extracting(RuleException.Problem::line)
              .contains(1, 2, 3, 4, 5, 6);
          assertThat(e)
              .hasMessageContaining("table.csv:1: unknown column 'qualty'")
              .hasMessageContaining("table.csv:2: column 'quality': expected a number")
              .hasMessageContaining(
                  "table.csv:3: column 'then lane': expected interactive or bulk, got 'fast'")
              .hasMessageContaining("table.csv:4: nothing follows")
              .hasMessageContaining("table.csv:6: a quote is opened");
        });
    assertThatThrownBy(() -> compile("# nothing\n")).hasMessageContaining("names its columns");
    assertThatThrownBy(() -> compile("tenant\nacme\n")).hasMessageContaining("what follows");
  }

  private static RuleBase compile(String table) throws RuleException {
    return RuleBase.compile(List.of(new RuleSource("folder/table.csv", table)));
  }

  private static RequestFacts request(String tenant) {
    RequestFacts like = Rehearsal.REQUEST;
    var standard =
        new dev.gearbox.policy.fact.ServiceClass(
            "standard",
            Targets.NONE,
            0.95,
            like.serviceClass().window(),
            0,
            Lane.INTERACTIVE,
            like.serviceClass().weights());
    return new RequestFacts(
        "r",
        "auto",
        standard,
        tenant,
        Targets.NONE,
        like.promptTokens(),
        1000,
        true,
        like.needs(),
        0);
  }
}
