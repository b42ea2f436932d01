package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReplayTest {
  @Test
  void everyRecordReplaysToItselfAfterThePolicyLearnedOn() {
    var gear = new TestingPolicy(TestingPolicy.DEFAULT_RULES, new ChoiceOptions(0.5, 0.05, 0.3));
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 90; i++) {
      gear.advance(random.nextDouble(2));
      gear.busy = random.nextDouble();
      for (String variant : List.of("small", "medium", "large")) {
        State state = random.nextInt(5) == 0 ? State.LOADING : State.READY;
        gear.engine(variant, state, random.nextInt(9), random.nextInt(36));
      }
      RequestFacts request = gear.request(anyClass(random), anyTargets(random));
      Decision decision = gear.policy.decide(request, gear.signals());
      gear.policy.complete(
          gear.timeline(request, decision, random.nextDouble(3) + 0.01, 4, Outcome.STOP));
    }

    List<DecisionRecord> all = gear.log.latest(100);
    assertThat(all).hasSize(90);
    assertThat(all).anyMatch(each -> each.explored()).anyMatch(each -> each.chosen() == null);
    for (DecisionRecord each : all) {
      Replay replay = gear.policy.replay(each);
      assertThat(replay.differences()).as(each.id()).isEmpty();
      assertThat(replay.same()).isTrue();
      assertThat(replay.decision()).isEqualTo(each.decision());
    }
  }

  @Test
  void otherRulesSayWhatDiffers() throws RuleException {
    var gear = new TestingPolicy();
    var route = gear.route(gear.request(Targets.NONE));
    gear.policy.update(
        RuleBase.compile(
            List.of(
                RuleSource.builtIn(),
                new RuleSource(
                    "no-large.drl",
                    """
                    package test
                    import dev.gearbox.policy.fact.CandidateFacts
                    import dev.gearbox.policy.rule.Reason
                    global dev.gearbox.policy.rule.Ruling ruling
                    rule "no large today"
                    when $c : CandidateFacts( variant == "large" )
                    then ruling.exclude($c, Reason.POLICY, "large", "!=", "large"); end
                    """))));

    Replay replay = gear.policy.replay(Objects.requireNonNull(gear.log.find(route.id())));

    assertThat(replay.same()).isFalse();
    assertThat(replay.differences()).anyMatch(line -> line.startsWith("policy version"));
    assertThat(replay.decision())
        .matches(again -> again instanceof Decision.Route r && r.variant().equals("medium"));
  }

  @Test
  void theLogKeepsTheLatest() {
    var gear = new TestingPolicy(ConservativeRules.INSTANCE, ChoiceOptions.DEFAULT);
    String first = gear.decide(Targets.NONE).id();
    for (int i = 0; i < 100; i++) {
      gear.decide(Targets.NONE);
    }
    String last = gear.decide(Targets.NONE).id();

    assertThat(gear.log.size()).isEqualTo(100);
    assertThat(gear.log.find(first)).isNull();
    assertThat(gear.log.latest(1)).extracting("id").containsExactly(last);
  }

  @Test
  void everyRecordIsToldOnceWhenItCannotChange() {
    List<DecisionRecord> told = new ArrayList<>();
    var log = new DecisionLog(2, told::add);
    var gear = new TestingPolicy();
    DecisionRecord made = Objects.requireNonNull(gear.log.find(gear.decide(Targets.NONE).id()));
    RequestFacts request = made.request();
    Actual actual =
        Actual.of(gear.timeline(request, made.decision(), 0.1, 1, Outcome.STOP), Map.of());

    log.add(made);
    log.end(made.id(), actual);
    log.end(made.id(), actual);
    assertThat(told).containsExactly(made.ended(actual));
    for (int i = 0; i < 3; i++) {
      log.add(Objects.requireNonNull(gear.log.find(gear.decide(Targets.NONE).id())));
    }
    assertThat(told).as("the first of the three went before its end").hasSize(2);
    log.close();
    assertThat(told).hasSize(4);
  }

  @Test
  void aRecordIsJsonWithTheWholeTable() {
    var gear = new TestingPolicy();
    gear.engine("large", State.LOADING, 0, 0);
    var route = gear.route(gear.request(Targets.NONE));

    JsonNode json =
        JsonMapper.builder().build().valueToTree(Objects.requireNonNull(gear.log.find(route.id())));

    assertThat(json.get("chosen").asString()).isEqualTo("cpu/medium");
    assertThat(json.get("candidates")).hasSize(3);
    assertThat(json.at("/candidates/0/score/total").isNumber()).isTrue();
    assertThat(json.at("/candidates/2/excluded/rule").asString()).isEqualTo("engine not ready");
    assertThat(json.at("/candidates/2/excluded/value").asString()).isEqualTo("LOADING");
    assertThat(json.at("/rules/0/description").asString()).contains("takes no requests");
  }

  private static ServiceClass anyClass(SplittableRandom random) {
    Targets own = random.nextBoolean() ? Targets.NONE : anyTargets(random);
    return new ServiceClass(
        "class-" + random.nextInt(3),
        own,
        0.9,
        Duration.ofDays(1),
        random.nextInt(-2, 3),
        Lane.INTERACTIVE,
        ServiceClass.Weights.DEFAULT);
  }

  private static Targets anyTargets(SplittableRandom random) {
    return new Targets(
        random.nextBoolean() ? null : Duration.ofMillis(random.nextInt(1, 5000)),
        random.nextBoolean() ? null : Duration.ofMillis(random.nextInt(1, 500)),
        null,
        null,
        random.nextBoolean() ? null : random.nextDouble(),
        null);
  }
}
