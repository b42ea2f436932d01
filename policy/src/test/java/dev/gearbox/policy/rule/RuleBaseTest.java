package dev.gearbox.policy.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RuleBaseTest {
  private static final RuleBase DEFAULT = compile(RuleSource.builtIn());
  private static final String HEAD =
      """
      package test
      import dev.gearbox.policy.fact.*
      import dev.gearbox.policy.rule.Reason
      global dev.gearbox.policy.rule.Ruling ruling
      """;

  @Test
  void everyDefaultRuleDescribesItself() {
    assertThat(DEFAULT.rules()).hasSizeGreaterThan(8);
    assertThat(DEFAULT.rules())
        .allMatch(
            rule -> rule.description().length() > 20 && !rule.description().equals(rule.name()));
  }

  @Test
  void aCandidateThatIsFineIsAllowed() {
    Ruled ruled = DEFAULT.apply(request(Targets.NONE), List.of(new Fake().build()));

    assertThat(ruled.excluded()).isEmpty();
    assertThat(ruled.firings()).isEmpty();
    assertThat(ruled.fallback()).isNull();
  }

  @Test
  void anEngineThatIsNotReadyIsExcluded() {
    assertExcluded(
        Targets.NONE, fake(f -> f.state = State.DRAINING), "engine not ready", Reason.NOT_READY);
  }

  @Test
  void aSilentEngineIsUnknownAndGoneOnlyWhenItHasWorkThatDoesNotMove() {
    for (double age : new double[] {3, 300}) {
      Ruled idle = DEFAULT.apply(request(Targets.NONE), List.of(fake(f -> f.age = age)));
      assertThat(idle.excluded()).isEmpty();
      assertThat(idle.unknown()).containsExactly("e");
    }
    assertExcluded(
        Targets.NONE,
        fake(f -> {
          f.age = 61;
          f.running = 1;
        }),
        "engine silent",
        Reason.NOT_READY);
  }

  @Test
  void aPromptMustFitWithRoomForAnAnswer() {
    assertExcluded(Targets.NONE, fake(f -> f.prompt = 100), "context exceeded", Reason.CONTEXT);
    assertExcluded(Targets.NONE, fake(f -> f.prompt = -1), "prompt not encodable", Reason.CONTEXT);
    assertThat(DEFAULT.apply(request(Targets.NONE), List.of(fake(f -> f.prompt = 99))).excluded())
        .isEmpty();
  }

  @Test
  void aFeatureThatIsNeededMustBeThere() {
    assertExcluded(
        Targets.NONE, fake(f -> f.features = Set.of()), "feature missing", Reason.FEATURE);
  }

  @Test
  void aQualityFloorShowsValueOperatorAndThreshold() {
    Targets floor = new Targets(null, null, null, null, 0.8, null);

    Ruled ruled = DEFAULT.apply(request(floor), List.of(fake(f -> f.quality = 0.7)));

    assertThat(ruled.excluded().get("e"))
        .isEqualTo(new Exclusion("quality floor", Reason.QUALITY, "0.7", ">=", "0.8"));
    assertExcluded(floor, fake(f -> f.quality = null), "quality floor", Reason.QUALITY);
    assertThat(DEFAULT.apply(request(floor), List.of(fake(f -> f.quality = 0.8))).excluded())
        .isEmpty();
  }

  @Test
  void aCostCeilingExcludesWhatIsDearer() {
    Targets ceiling = new Targets(null, null, null, null, null, 0.01);

    assertExcluded(ceiling, fake(f -> f.cost = 0.02), "cost ceiling", Reason.COST);
  }

  @Test
  void aFullQueueExcludes() {
    assertExcluded(Targets.NONE, fake(f -> f.waiting = 32), "queue full", Reason.QUEUE);
  }

  @Test
  void aClassThatMayBeShedGoesToTheBulkLaneAndIsNotRelegated() {
    RequestFacts shed = request(Targets.NONE, -1);

    Ruled ruled = DEFAULT.apply(shed, List.of(new Fake().build()));

    assertThat(ruled.lane()).isEqualTo(Lane.BULK);
    assertThat(ruled.mayRelegate()).isFalse();
    assertThat(DEFAULT.apply(request(Targets.NONE), List.of()).lane()).isEqualTo(Lane.INTERACTIVE);
  }

  @Test
  void theBuiltInRulesAgreeWithTheDefaultOnesWhereBothSpeak() {
    Targets targets = new Targets(null, null, null, null, 0.5, 0.1);
    List<CandidateFacts> all =
        List.of(
            fake(f -> f.engine = "fine"),
            fake(f -> {
              f.engine = "loading";
              f.state = State.LOADING;
            }),
            fake(f -> {
              f.engine = "long";
              f.prompt = 5000;
            }),
            fake(f -> {
              f.engine = "dumb";
              f.quality = 0.1;
            }),
            fake(f -> {
              f.engine = "unmeasured";
              f.quality = null;
            }),
            fake(f -> {
              f.engine = "dear";
              f.cost = 1;
            }),
            fake(f -> {
              f.engine = "featureless";
              f.features = Set.of();
            }));

    assertThat(ConservativeRules.INSTANCE.apply(request(targets), all).excluded().keySet())
        .isEqualTo(DEFAULT.apply(request(targets), all).excluded().keySet())
        .hasSize(6);
  }

  @Test
  void operatorsRulesMayRefuseCapAndWeigh() {
    RuleBase own =
        compile(
            new RuleSource(
                "own.drl",
                HEAD
                    + """
                    rule "short answers for acme"
                    when RequestFacts( tenant == "acme" )
                    then ruling.capTokens(16); ruling.weight(2.0); end
                    rule "no long prompts"
                    when $c : CandidateFacts( promptTokens > 50 )
                    then ruling.refuse(429, "rate_limit_exceeded", "too long today", 30); end
                    """));

    Ruled ruled = own.apply(request(Targets.NONE), List.of(fake(f -> f.prompt = 60)));

    assertThat(ruled.maxTokens()).isEqualTo(16);
    assertThat(ruled.classWeight()).isEqualTo(2);
    assertThat(ruled.veto())
        .isEqualTo(new Veto("no long prompts", 429, "rate_limit_exceeded", "too long today", 30));
  }

  @Test
  void guessingAheadIsForInteractiveRequestsUnlessARuleSaysOtherwise() {
    RuleBase own =
        compile(
            new RuleSource(
                "own.drl",
                HEAD
                    + """
                    rule "acme is not guessed for"
                    when RequestFacts( tenant == "acme" )
                    then ruling.speculate(false); end
                    """));

    assertThat(DEFAULT.apply(request(Targets.NONE), List.of()).speculate()).isTrue();
    assertThat(own.apply(request(Targets.NONE), List.of()).speculate()).isFalse();
  }

  @Test
  void severalFilesMakeOneBaseAndTheirTextsItsVersion() {
    RuleSource own = new RuleSource("own.drl", HEAD + "rule \"x\" when then end\n");

    RuleBase both = compile(RuleSource.builtIn(), own);

    assertThat(both.rules()).hasSize(DEFAULT.rules().size() + 1);
    assertThat(both.version()).isNotEqualTo(DEFAULT.version());
    assertThat(compile(RuleSource.builtIn()).version()).isEqualTo(DEFAULT.version());
  }

  @Test
  void aMistakeIsToldWithFileAndLineAndTheOldBaseStaysInUse() {
    RuleSource broken =
        new RuleSource(
            "broken.drl", HEAD + "rule \"x\"\nwhen CandidateFacts( qality > 1 )\nthen end\n");

    assertThatThrownBy(() -> RuleBase.compile(List.of(RuleSource.builtIn(), broken)))
        .asInstanceOf(type(RuleException.class))
        .satisfies(e -> {
          assertThat(e.problems()).isNotEmpty();
          assertThat(e.problems().get(0).file()).isEqualTo("broken.drl");
          assertThat(e.problems().get(0).line()).isBetween(5, 7);
          assertThat(e).hasMessageContaining("qality");
        });
    assertExcluded(
        Targets.NONE, fake(f -> f.state = State.FAILED), "engine not ready", Reason.NOT_READY);
  }

  @Test
  void aSyntaxErrorIsToldWithItsLine() {
    RuleSource broken = new RuleSource("broken.drl", HEAD + "rule \"x\"\nwhen (((\nthen end\n");

    assertThatThrownBy(() -> RuleBase.compile(List.of(broken)))
        .asInstanceOf(type(RuleException.class))
        .satisfies(e -> assertThat(e.problems().get(0).line()).isBetween(5, 8));
  }

  @Test
  void rulesThatGoRoundForeverFallBackToTheBuiltInOnes() throws RuleException {
    RuleSource loop =
        new RuleSource(
            "loop.drl", HEAD + "rule \"loop\" when $r : RequestFacts() then update($r); end\n");
    RuleBase base =
        RuleBase.compile(List.of(loop), new RuleLimits(50, Duration.ofHours(1)), () -> 0);

    Ruled ruled = base.apply(request(Targets.NONE), List.of(fake(f -> f.state = State.LOADING)));

    assertThat(ruled.fallback()).contains("50");
    assertThat(ruled.excluded()).containsKey("e");
  }

  @Test
  void rulesThatTakeTooLongFallBackToTheBuiltInOnes() throws RuleException {
    AtomicLong clock = new AtomicLong();
    RuleSource loop =
        new RuleSource(
            "loop.drl", HEAD + "rule \"loop\" when $r : RequestFacts() then update($r); end\n");
    RuleBase base =
        RuleBase.compile(
            List.of(loop),
            new RuleLimits(1_000_000, Duration.ofMillis(5)),
            () -> clock.addAndGet(1_000_000));

    assertThat(base.apply(request(Targets.NONE), List.of()).fallback()).contains("PT0.005S");
  }

  @Test
  void aConsequenceThatLoopsIsRefusedWithFileAndLine() {
    for (String loop : new String[] {"while (true) {}", "for (;;) {}", "do { } while (true);"}) {
      assertThatThrownBy(() ->
              RuleBase.compile(
                  List.of(
                      RuleSource.builtIn(),
                      new RuleSource(
                          "own.drl",
                          HEAD
                              + "rule \"round\"\nwhen\n  RequestFacts()\nthen\n  // for a while\n  "
                              + loop
                              + "\nend\n"))))
          .isInstanceOf(RuleException.class)
          .hasMessageContaining("own.drl:10: rule 'round' loops");
    }
  }

  @Test
  void aFunctionMayNeitherLoopNorCallAnother() {
    assertThatThrownBy(() ->
            RuleBase.compile(
                List.of(
                    new RuleSource(
                        "own.drl",
                        HEAD + "function int again(int n) {\n  return again (n + 1);\n}\n"))))
        .isInstanceOf(RuleException.class)
        .hasMessageContaining("function 'again' calls the function 'again'");
  }

  @Test
  void textsAndCommentsThatSpeakOfLoopsAreNone() throws RuleException {
    RuleBase rules =
        RuleBase.compile(
            List.of(
                new RuleSource(
                    "own.drl",
                    HEAD
                        + "rule \"wait for it\" when RequestFacts() then /* while */"
                        + " ruling.refuse(429, \"x\", \"do it for \\\" a while\", 1); end\n")));

    assertThat(rules.apply(request(Targets.NONE), List.of()).veto()).isNotNull();
  }

  @Test
  void aRuleThatThrowsFallsBackToTheBuiltInOnes() {
    RuleBase base =
        compile(
            new RuleSource(
                "bad.drl",
                HEAD + "rule \"bad\" when RequestFacts() then ruling.weight(-1); end\n"));

    assertThat(base.apply(request(Targets.NONE), List.of()).fallback()).contains("weight");
    assertThat(base.apply(request(Targets.NONE), List.of()).fallback()).contains("weight");
  }

  @Test
  void noRuleBaseCanUndoWhatMustHold() {
    RuleBase lax = compile(new RuleSource("lax.drl", HEAD + "rule \"nothing\" when then end\n"));
    Targets floor = new Targets(null, null, null, null, 0.8, null);

    Ruled ruled =
        lax.apply(request(floor), List.of(fake(f -> f.quality = 0.7), fake(f -> f.engine = "g")));

    assertThat(ruled.fallback()).isNull();
    assertThat(ruled.excluded()).containsOnlyKeys("e");
    assertThat(ruled.excluded().get("e"))
        .isEqualTo(new Exclusion("built-in", Reason.QUALITY, "0.7", ">=", "0.8"));
  }

  @Test
  void ofFloorsAndCeilingsThatRulesSetTheStrictestStands() {
    RuleBase own =
        compile(
            new RuleSource(
                "own.drl",
                HEAD
                    + """
                    rule "low" when then ruling.floor(0.5); ruling.ceiling(2); end
                    rule "high" when then ruling.floor(0.8); ruling.ceiling(1); end
                    """));

    Ruled ruled =
        own.apply(
            request(Targets.NONE),
            List.of(
                fake(f -> f.quality = 0.7),
                fake(f -> {
                  f.engine = "dear";
                  f.cost = 1.5;
                })));

    assertThat(ruled.excluded().get("e"))
        .isEqualTo(new Exclusion("high", Reason.QUALITY, "0.7", ">=", "0.8"));
    assertThat(ruled.excluded().get("dear"))
        .isEqualTo(new Exclusion("high", Reason.COST, "1.5", "<=", "1.0"));
  }

  private static void assertExcluded(
      Targets targets, CandidateFacts candidate, String rule, Reason reason) {
    Ruled ruled = DEFAULT.apply(request(targets), List.of(candidate));
    assertThat(ruled.fallback()).isNull();
    assertThat(ruled.excluded().get("e"))
        .matches(why -> why != null && why.rule().equals(rule) && why.reason() == reason);
    assertThat(ruled.firings()).anyMatch(firing -> firing.rule().equals(rule));
  }

  private static RuleBase compile(RuleSource... sources) {
    try {
      return RuleBase.compile(List.of(sources));
    } catch (RuleException e) {
      throw new AssertionError(e);
    }
  }

  private static RequestFacts request(Targets targets) {
    return request(targets, 0);
  }

  private static RequestFacts request(Targets targets, int priority) {
    ServiceClass serviceClass =
        new ServiceClass(
            "c",
            Targets.NONE,
            0.95,
            Duration.ofDays(1),
            priority,
            Lane.INTERACTIVE,
            ServiceClass.Weights.DEFAULT);
    return new RequestFacts(
        "r", "auto", serviceClass, "acme", targets, Map.of(), 64, true, Set.of(Feature.CHAT), 0);
  }

  private static CandidateFacts fake(Consumer<Fake> change) {
    Fake fake = new Fake();
    change.accept(fake);
    return fake.build();
  }

  /** A candidate that no default rule objects to, unless it is changed. */
  private static final class Fake {
    String engine = "e";
    State state = State.READY;
    double age;
    @Nullable Double quality = 0.9;
    Set<Feature> features = Set.of(Feature.CHAT);
    int prompt = 10;
    int running;
    int waiting;
    double cost;

    CandidateFacts build() {
      return new CandidateFacts(
          engine,
          "v",
          "p",
          "d",
          state,
          age,
          quality,
          Set.of(),
          features,
          100,
          prompt,
          0,
          20,
          running,
          waiting,
          8,
          0,
          cost,
          true,
          new Forecast(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, false),
          0,
          0,
          null);
    }
  }
}
