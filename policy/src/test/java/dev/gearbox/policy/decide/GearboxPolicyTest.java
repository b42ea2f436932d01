package dev.gearbox.policy.decide;

import static dev.gearbox.policy.decide.TestingPolicy.quality;
import static dev.gearbox.policy.decide.TestingPolicy.serviceClass;
import static dev.gearbox.policy.decide.TestingPolicy.ttft;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.EngineCapabilities.Feature;
import dev.gearbox.engine.Lane;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.choose.Pricing;
import dev.gearbox.policy.choose.Score;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.telemetry.record.EngineTimings;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.record.TokenCounts;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GearboxPolicyTest {
  private final TestingPolicy gear = new TestingPolicy();

  @Test
  void anIdleMachineWithoutTargetsGivesTheBestQuality() {
    var route = gear.route(gear.request(Targets.NONE));

    assertThat(route.variant()).isEqualTo("large");
    assertThat(route.predicted().meets()).isEqualTo(1);
    assertThat(route.alternatives()).containsExactly("cpu/medium", "cpu/small");
  }

  @Test
  void aTightTargetGivesTheSmallVariant() {
    var route = gear.route(gear.request(ttft(Duration.ofMillis(200))));

    assertThat(route.variant()).isEqualTo("small");
  }

  @Test
  void aQualityFloorGivesAVariantThatReachesIt() {
    var targets = new Targets(Duration.ofSeconds(1), null, null, null, 0.7, null);

    assertThat(gear.route(gear.request(targets)).variant()).isEqualTo("medium");
  }

  @Test
  void targetsThatNobodyMeetsAreRefusedWithOffers() {
    var refuse = gear.refuse(gear.request(ttft(Duration.ofMillis(1))));

    assertThat(refuse.status()).isEqualTo(429);
    assertThat(refuse.code()).isEqualTo("slo_unattainable");
    assertThat(refuse.offers()).extracting("variant").startsWith("small");
    assertThat(refuse.retryAfter()).as("an idle machine gets no faster").isNull();
  }

  @Test
  void anImpossibleFloorIsRefusedWithTheQualitiesThatThereAre() {
    gear.engines.remove("large");

    var refuse = gear.refuse(gear.request(quality(0.95)));

    assertThat(refuse.code()).isEqualTo("slo_unattainable");
    assertThat(refuse.offers()).extracting("quality").contains(0.8, 0.6);
    assertThat(refuse.retryAfter()).isNull();
  }

  @Test
  void waitingHelpsWhenAVariantThatReachesTheFloorIsLoading() {
    gear.engine("large", State.LOADING, 0, 0);

    assertThat(gear.refuse(gear.request(quality(0.95))).retryAfter()).isNotNull();
  }

  @Test
  void whatIsLoadedAnswersWhileTheRestIsLoading() {
    gear.engine("large", State.LOADING, 0, 0);
    gear.engine("medium", State.WARMING, 0, 0);

    assertThat(gear.route(gear.request(Targets.NONE)).variant()).isEqualTo("small");
  }

  @Test
  void nothingLoadedYetIsWorthAnotherTry() {
    for (String variant : List.of("small", "medium", "large")) {
      gear.engine(variant, State.LOADING, 0, 0);
    }

    var refuse = gear.refuse(gear.request(Targets.NONE));

    assertThat(refuse.status()).isEqualTo(503);
    assertThat(refuse.code()).isEqualTo("no_engine");
    assertThat(refuse.retryAfter()).isNotNull();
  }

  @Test
  void enginesThatFailedForGoodAreNotWorthAnotherTry() {
    for (String variant : List.of("small", "medium", "large")) {
      gear.engine(variant, State.FAILED, 0, 0);
    }

    var refuse = gear.refuse(gear.request(Targets.NONE));

    assertThat(refuse.code()).isEqualTo("no_engine");
    assertThat(refuse.retryAfter()).isNull();
  }

  @Test
  void aVariantThatIsNamedIsTheOnlyCandidate() {
    RequestFacts any = gear.request(Targets.NONE);
    var named =
        new RequestFacts(
            any.requestId(),
            "medium",
            any.serviceClass(),
            any.tenant(),
            any.targets(),
            any.promptTokens(),
            any.maxTokens(),
            any.streaming(),
            any.needs(),
            any.arrivedNanos());

    var route = gear.route(named);

    assertThat(route.variant()).isEqualTo("medium");
    assertThat(route.alternatives()).isEmpty();
  }

  @Test
  void fullQueuesAreOverloadWithATimeToComeBack() {
    for (String variant : List.of("small", "medium", "large")) {
      gear.engine(variant, State.READY, 8, 32);
    }

    var refuse = gear.refuse(gear.request(Targets.NONE));

    assertThat(refuse.status()).isEqualTo(503);
    assertThat(refuse.code()).isEqualTo("overloaded");
    assertThat(refuse.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(60));
  }

  @Test
  void aFullQueueClosesItsDeviceAndNoOther() {
    gear.engine("small", State.READY, 8, 32);
    var refuse = gear.refuse(gear.request(Targets.NONE));
    var made = Objects.requireNonNull(gear.log.find(refuse.id()));

    assertThat(refuse.code()).isEqualTo("overloaded");
    assertThat(made.candidates()).hasSize(3);
    assertThat(made.candidates())
        .allMatch(row -> row.excluded() != null && row.excluded().rule().equals("queue full"));

    gear.elsewhere("medium");

    assertThat(gear.route(gear.request(Targets.NONE)).engine()).isEqualTo("cpu/medium#1");
    gear.engine("small", State.READY, 8, 31);
    assertThat(gear.route(gear.request(Targets.NONE)).engine()).isNotEqualTo("cpu/small");
  }

  @Test
  void whatRunsLateIsRefusedWhileABatchWaits() {
    var targets = ttft(Duration.ofMillis(1));
    gear.engine("small", State.READY, 8, 7);
    var route = gear.route(gear.request(serviceClass(targets, 5), targets));
    gear.policy.complete(gear.timeline(gear.request(targets), route, 1, 2, Outcome.STOP));
    gear.advance(1);
    gear.engine("small", State.READY, 8, 8);

    assertThat(route.variant()).isEqualTo("small");
    assertThat(route.lane()).isEqualTo(Lane.BULK);
    assertThat(gear.refuse(gear.request(serviceClass(targets, 5), targets)).code())
        .isEqualTo("slo_unattainable");
  }

  @Test
  void aPickAmongEqualsIsRecordedAndReplaysBitForBit() {
    gear.elsewhere("large");
    Set<String> engines = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      gear.advance(20);
      RequestFacts request = gear.request(Targets.NONE);
      var route = gear.route(request);
      gear.policy.complete(gear.timeline(request, route, 0.1, 1, Outcome.STOP));
      engines.add(route.engine());
      var made = Objects.requireNonNull(gear.log.find(route.id()));
      assertThat(gear.policy.replay(made).same()).isTrue();
      assertThat(made.chosen()).isEqualTo(route.engine());
    }

    assertThat(engines).containsExactlyInAnyOrder("cpu/large", "cpu/large#1");
  }

  @Test
  void aPromptBeyondEveryContextIsTheClientsError() {
    var request = promptOf(5000, Set.of());

    var refuse = gear.refuse(request);

    assertThat(refuse.status()).isEqualTo(400);
    assertThat(refuse.code()).isEqualTo("context_length_exceeded");
    assertThat(refuse.message()).contains("5000").contains("2047");
  }

  @Test
  void aFeatureThatNobodyHasIsTheClientsError() {
    var refuse = gear.refuse(promptOf(10, Set.of(Feature.VISION)));

    assertThat(refuse.status()).isEqualTo(400);
    assertThat(refuse.message()).contains("VISION");
  }

  @Test
  void theAnswerNeverExceedsWhatTheContextLeaves() {
    assertThat(gear.route(promptOf(2000, Set.of())).maxTokens()).isEqualTo(48);
  }

  @Test
  void unknownQualityNeverReachesAFloorButMayAnswerOtherwise() {
    gear.policy.update(Map.of("auto", List.of(TestingPolicy.variant("small", null, 90_000_000L))));

    assertThat(gear.refuse(gear.request(quality(0.01))).code()).isEqualTo("slo_unattainable");
    assertThat(gear.route(gear.request(Targets.NONE)).variant()).isEqualTo("small");
  }

  @Test
  void aClassWhoseOwnTargetsCannotBeMetRunsLateInTheBulkLane() {
    var targets = ttft(Duration.ofMillis(1));
    var route = gear.route(gear.request(serviceClass(targets, 5), targets));

    assertThat(route.variant()).isEqualTo("small");
    assertThat(route.lane()).isEqualTo(Lane.BULK);
    assertThat(route.priority()).isNegative();
    assertThat(gear.log.find(route.id())).matches(each -> each != null && each.relegated());
  }

  @Test
  void aClassThatMayBeShedIsRefusedInstead() {
    var targets = ttft(Duration.ofMillis(1));

    assertThat(gear.refuse(gear.request(serviceClass(targets, -1), targets)).code())
        .isEqualTo("slo_unattainable");
  }

  @Test
  void aPriceThatRoseUnderLoadShiftsToSmallerVariantsAndFallsAgain() {
    gear.busy = 1;
    gear.engine("small", State.READY, 4, 0);
    String loaded = "";
    for (int i = 0; i < 200; i++) {
      gear.advance(1);
      loaded = gear.route(gear.request(Targets.NONE)).variant();
    }
    gear.busy = 0;
    gear.ready("small");
    for (int i = 0; i < 300; i++) {
      gear.advance(1);
      gear.policy.decide(gear.request(ttft(Duration.ofMillis(1))), gear.signals());
    }

    assertThat(loaded).isNotEqualTo("large");
    assertThat(gear.route(gear.request(Targets.NONE)).variant()).isEqualTo("large");
  }

  @Test
  void bookingsCountUntilSignalsCountTheRequest() {
    var signals = gear.signals();
    List<RequestFacts> requests = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      RequestFacts request = gear.request(Targets.NONE);
      requests.add(request);
      gear.policy.decide(request, signals);
    }

    var before = gear.policy.preview(gear.request(Targets.NONE), signals);
    gear.advance(0.1);
    requests.subList(0, 3).forEach(request -> gear.policy.submitted(request.requestId()));
    gear.advance(0.1);
    var after = gear.policy.preview(gear.request(Targets.NONE), gear.signals());

    assertThat(row(before, "cpu/large").facts().waiting()).isEqualTo(5);
    assertThat(row(after, "cpu/large").facts().waiting()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(doubles = {2, 4, 6, 8, 10, 12})
  void aDeviceThatOthersUseAsWellIsAsDearAsIfTheyAskedHere(double seconds) {
    double alone = priceAfterFiveMinutes(seconds, 3, 0);
    double shared = priceAfterFiveMinutes(seconds, 3, 3);
    double all = priceAfterFiveMinutes(seconds / 2, 6, 0);

    assertThat(shared).isGreaterThan(alone).isBetween(0.65 * all, 1.01 * all);
  }

  /**
   * With a request that comes here so often, so many of them on the device, and so many of others.
   */
  private static double priceAfterFiveMinutes(double seconds, int most, int others) {
    var one = new TestingPolicy();
    Deque<RequestTimeline> running = new ArrayDeque<>();
    for (int i = 0; i < 300 / seconds; i++) {
      one.engine("small", State.READY, running.size() + others, 0);
      RequestFacts request = one.request(Targets.NONE);
      running.add(one.timeline(request, one.route(request), 0.5, 3, Outcome.STOP));
      if (running.size() > most) {
        one.policy.complete(running.remove());
      }
      one.advance(seconds);
    }
    one.engine("small", State.READY, running.size() + others, 0);
    var seen = one.policy.preview(one.request(Targets.NONE), one.signals());
    return seen.candidates().getFirst().facts().price();
  }

  @Test
  void aPreviewLeavesNothingBehind() {
    var preview = gear.policy.preview(gear.request(Targets.NONE), gear.signals());

    assertThat(preview.chosen()).isEqualTo("cpu/large");
    assertThat(gear.log.size()).isZero();
    assertThat(row(gear.policy.preview(gear.request(Targets.NONE), gear.signals()), "cpu/large"))
        .matches(row -> row.facts().waiting() == 0);
  }

  @Test
  void aRequestThatIsLostBeforeItsDecisionIsAMiss() {
    gear.policy.expect(List.of(serviceClass(Targets.NONE, 0)));
    gear.policy.complete(lost(503));
    gear.policy.complete(lost(429));

    assertThat(metrics())
        .contains("gearbox_attainment_total{class=\"standard\",target=\"all\",met=\"false\",} 1.0")
        .contains("gearbox_burn_rate{class=\"standard\",window=\"5m\",} 19.99");
  }

  private RequestTimeline lost(int code) {
    long now = gear.clock.get();
    return new RequestTimeline(
        "r",
        null,
        "auto",
        null,
        null,
        null,
        "standard",
        "local",
        false,
        now,
        0,
        0,
        0,
        now,
        TokenCounts.NONE,
        EngineTimings.NONE,
        Outcome.REFUSED,
        code);
  }

  @Test
  void whatBecameOfADecisionIsOnItsRecordAndInTheMetrics() {
    gear.policy.expect(List.of(serviceClass(Targets.NONE, 0)));
    RequestFacts request = gear.request(ttft(Duration.ofMillis(500)));
    var route = gear.route(request);

    gear.policy.complete(gear.timeline(request, route, 0.3, 0.9, Outcome.STOP));

    var made = Objects.requireNonNull(gear.log.find(route.id()));
    assertThat(Objects.requireNonNull(made.actual()).met())
        .containsOnly(Map.entry("ttft", true), Map.entry("all", true));
    assertThat(metrics())
        .contains("gearbox_attainment_total{class=\"standard\",target=\"all\",met=\"true\",} 1.0")
        .contains("gearbox_attainment_total{class=\"standard\",target=\"all\",met=\"false\",} 0.0")
        .contains(
            "gearbox_attainment_total{class=\"standard\",target=\"quality\",met=\"true\",} 0.0")
        .contains("gearbox_prediction_coverage{pool=\"cpu\",target=\"ttft\",quantile=\"0.95\",} ")
        .contains("gearbox_prediction_width{pool=\"cpu\",target=\"tpot\",quantile=\"0.95\",} ")
        .contains(
            "gearbox_prediction_pinball_loss{pool=\"cpu\",target=\"ttft\",quantile=\"0.95\",}")
        .contains("gearbox_prediction_conservative{pool=\"cpu\",variant=\"small\",} 0.0")
        .contains("gearbox_prediction_brier{pool=\"cpu\",} ")
        .contains("gearbox_prediction_meets_error{pool=\"cpu\",} ");
  }

  @Test
  void stepsBeforeTheFirstDecisionTeachToo() {
    var before = row(gear.policy.preview(gear.request(Targets.NONE), gear.signals()), "cpu/small");
    var early = new TestingPolicy();
    for (int i = 0; i < 100; i++) {
      early.policy.step(new StepRecord("cpu/small", "cpu-simd", 1, 50, 0, 0, 0, 1_000_000_000L, i));
    }

    var after =
        row(early.policy.preview(early.request(Targets.NONE), early.signals()), "cpu/small");

    assertThat(after.facts().forecast().tpot())
        .isGreaterThan(10 * before.facts().forecast().tpot());
  }

  @Test
  void whatWasLearnedOfAnEngineLeavesWithIt() {
    double before = tpotOfSmall();
    for (int i = 0; i < 100; i++) {
      gear.policy.step(new StepRecord("cpu/small", "cpu-simd", 1, 50, 0, 0, 0, 1_000_000_000L, i));
    }
    gear.decide(Targets.NONE);
    gear.engines.remove("small");
    gear.advance(30);
    gear.decide(Targets.NONE);
    gear.ready("small");
    assertThat(tpotOfSmall()).as("away for a moment").isGreaterThan(10 * before);

    gear.engines.remove("small");
    gear.advance(60);
    gear.decide(Targets.NONE);
    gear.ready("small");

    assertThat(tpotOfSmall()).isLessThan(2 * before);
  }

  private double tpotOfSmall() {
    var made = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    return row(made, "cpu/small").facts().forecast().tpot();
  }

  @Test
  void manyThreadsDecideAndLearnAtOnce() {
    gear.policy.decide(gear.request(Targets.NONE), gear.signals());
    var signals = gear.signals();
    List<RequestFacts> requests = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      requests.add(gear.request(ttft(Duration.ofMillis(1 + i * 10L))));
    }

    requests.parallelStream()
        .forEach(request -> {
          Decision decision = gear.policy.decide(request, signals);
          gear.policy.complete(gear.timeline(request, decision, 0.5, 1, Outcome.STOP));
        });

    assertThat(gear.log.latest(100)).hasSize(100).allMatch(made -> made.fallback() == null);
    assertThat(gear.log.latest(100)).extracting("id").doesNotHaveDuplicates();
    var calm = row(gear.policy.preview(gear.request(Targets.NONE), signals), "cpu/small");
    assertThat(calm.facts().waiting()).as("every booking is gone").isZero();
  }

  @Test
  void slowAnswersTeachThePredictionToExpectThem() {
    double before = predictedTtft();
    for (int i = 0; i < 300; i++) {
      gear.advance(1);
      RequestFacts request = gear.request(quality(0.9));
      var route = gear.route(request);
      gear.policy.complete(gear.timeline(request, route, 3 * before, 3 * before + 2, Outcome.STOP));
    }

    assertThat(predictedTtft()).isGreaterThan(2 * before);
  }

  @Test
  void rulesThatAreNotCompiledYetLeaveTheBuiltInOnes() {
    var early = new TestingPolicy(ConservativeRules.INSTANCE, ChoiceOptions.DEFAULT);

    assertThat(early.route(early.request(Targets.NONE)).variant()).isEqualTo("large");
    assertThat(early.route(early.request(quality(0.9))).variant()).isEqualTo("large");
    early.policy.update(TestingPolicy.DEFAULT_RULES);
    assertThat(early.policy.rules().version()).isEqualTo(TestingPolicy.DEFAULT_RULES.version());
  }

  @Test
  void exploringIsForClassesThatMayBeShed() {
    var always = new TestingPolicy(TestingPolicy.DEFAULT_RULES, new ChoiceOptions(0.5, 0.05, 1));

    assertThat(always.route(always.request(serviceClass(Targets.NONE, -1), Targets.NONE)).variant())
        .isNotEqualTo("large");
    assertThat(always.route(always.request(serviceClass(Targets.NONE, 0), Targets.NONE)).variant())
        .isEqualTo("large");
  }

  @Test
  void aVariantThatArrivesLaterIsCandidateFromThenOn() {
    VariantFacts best = TestingPolicy.variant("best", 1.05, 100_000_000L);
    gear.ready("best");
    gear.policy.update(
        Map.of("auto", List.of(best, TestingPolicy.variant("small", 0.6, 90_000_000L))));
    RequestFacts any = gear.request(Targets.NONE);
    var request =
        new RequestFacts(
            any.requestId(),
            "auto",
            any.serviceClass(),
            any.tenant(),
            any.targets(),
            Map.of("best", 10, "small", 10),
            10,
            false,
            Set.of(),
            any.arrivedNanos());

    assertThat(gear.route(request).variant()).isEqualTo("best");
  }

  @Test
  void missedLatenciesSpendQualityAndTheEndOfThemBuysItBack() {
    missing(40, 5);

    var burning = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    gear.advance(600);
    var over = gear.policy.preview(gear.request(Targets.NONE), gear.signals());

    assertThat(burning.rules()).extracting("rule").contains("spend quality while latency burns");
    assertThat(score(burning, "cpu/small").quality()).isCloseTo(0.9, within(1e-9));
    assertThat(burning.request().classFacts().lateBurn5m()).isCloseTo(20, within(1e-6));
    assertThat(over.rules()).isEmpty();
    assertThat(score(over, "cpu/small").quality()).isCloseTo(0.6, within(1e-9));
  }

  @Test
  void aClassThatKeepsItsBudgetBuysQuality() {
    missing(120, 0.1);

    var healthy = gear.policy.preview(gear.request(Targets.NONE), gear.signals());

    assertThat(healthy.rules()).extracting("rule").containsExactly("buy quality back when healthy");
    assertThat(score(healthy, "cpu/small").quality()).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void budgetsAndBurnsAreShownFromTheStart() {
    gear.policy.expect(List.of(serviceClass(Targets.NONE, 0)));
    assertThat(metrics())
        .contains("gearbox_error_budget_remaining{class=\"standard\",} 1.0")
        .contains("gearbox_burn_rate{class=\"standard\",window=\"6h\",} 0.0");

    missing(20, 5);

    assertThat(metrics()).contains("gearbox_burn_rate{class=\"standard\",window=\"1m\",} 19.9");
  }

  @Test
  void joiningCostsWhatItTakesFromThoseOnTheDevice() {
    var before = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    List<RequestFacts> aboard = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      double expected = row(before, "cpu/medium").facts().forecast().tpotHigh();
      var tight = new Targets(null, seconds(1.2 * expected), null, null, 0.7, null);
      RequestFacts request = gear.request(tight);
      gear.route(request);
      aboard.add(request);
    }
    gear.engine("medium", State.READY, 4, 0);
    gear.advance(1);

    var crowded = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    for (RequestFacts request : aboard) {
      gear.policy.complete(
          gear.timeline(request, gear.policy.decide(request, gear.signals()), 1, 2, Outcome.STOP));
    }
    var left = gear.policy.preview(gear.request(Targets.NONE), gear.signals());

    assertThat(score(before, "cpu/large").damage()).isZero();
    assertThat(score(crowded, "cpu/large").damage())
        .as("a large engine holds everybody up more than a small one")
        .isGreaterThan(score(crowded, "cpu/small").damage())
        .isLessThan(4);
    assertThat(score(crowded, "cpu/small").damage()).isPositive();
    assertThat(score(left, "cpu/large").damage()).isZero();
  }

  @Test
  void promptsThatTheCacheHoldsAreFasterToBegin() {
    double before = row(preview(), "cpu/large").facts().forecast().ttft();
    for (int i = 0; i < 10; i++) {
      RequestFacts request = gear.request(quality(0.9));
      Decision decision = gear.policy.decide(request, gear.signals());
      gear.policy.complete(gear.timeline(request, decision, 0.5, 1, Outcome.STOP, 36));
    }

    var facts = row(preview(), "cpu/large").facts();

    assertThat(facts.cachedTokens()).isEqualTo(36);
    assertThat(facts.forecast().ttft()).isLessThan(before);
    assertThat(row(preview(), "cpu/small").facts().cachedTokens()).isZero();
  }

  @Test
  void anEngineThatWasOpenedIsHeldOpenForFiveSeconds() {
    gear.route(gear.request(ttft(Duration.ofMillis(200))));
    gear.advance(4);
    var held = preview();
    gear.advance(2);
    var over = preview();

    assertThat(row(held, "cpu/small").facts().open()).isTrue();
    assertThat(row(held, "cpu/large").facts().open()).isFalse();
    assertThat(score(held, "cpu/large").opening()).isCloseTo(0.02, within(1e-9));
    assertThat(score(held, "cpu/small").opening()).isZero();
    assertThat(held.chosen()).as("much better is worth opening").isEqualTo("cpu/large");
    assertThat(row(over, "cpu/large").facts().open()).isTrue();
  }

  @Test
  void nearlyAsGoodIsNotWorthOpeningAnotherEngine() {
    gear.policy.update(
        Map.of(
            "auto",
            List.of(
                TestingPolicy.variant("medium", 0.99, 400_000_000L),
                TestingPolicy.variant("large", 1.0, 1_000_000_000L))));
    var idle = preview();
    gear.engine("medium", State.READY, 1, 0);
    var running = preview();

    assertThat(idle.chosen()).isEqualTo("cpu/large");
    assertThat(running.chosen()).isEqualTo("cpu/medium");
  }

  @Test
  void switchesBetweenEnginesOfADeviceAreCounted() {
    for (int i = 0; i < 3; i++) {
      gear.route(gear.request(Targets.NONE));
      gear.advance(10);
      gear.route(gear.request(ttft(Duration.ofMillis(200))));
      gear.advance(10);
    }

    assertThat(metrics()).contains("gearbox_engine_switches_total{device=\"cpu-simd\",} 5.0");
  }

  @Test
  void theOtherPriceIsWatchedAndMayDecide() {
    var promised =
        new TestingPolicy(
            TestingPolicy.DEFAULT_RULES, ChoiceOptions.DEFAULT.with(Pricing.PREDICTED));

    for (var each : List.of(gear, promised)) {
      var shadows = new Shadows(each.meters.policy());
      shadows.start(each.policy.otherPrice());
      each.policy.observe(shadows::look);
      each.route(each.request(Targets.NONE));
    }

    assertThat(metrics())
        .contains("gearbox_shadow_delta{policy=\"price-predicted\",measure=\"chosen\",} 0.0");
    var exposition = promised.meters.exposition();
    assertThat(exposition.text(exposition.contentType(null)))
        .contains("gearbox_shadow_delta{policy=\"price-clearing\",measure=\"meets\",} 0.0");
  }

  @Test
  void aClockThatJumpsIsBorne() {
    for (double jump : new double[] {3600, -600, 86400 * 400, -86400 * 399, 0.1}) {
      gear.advance(jump);
      for (int i = 0; i < 5; i++) {
        gear.advance(0.5);
        gear.busy = 1;
        RequestFacts request = gear.request(TestingPolicy.ttft(Duration.ofSeconds(60)));
        Decision.Route route = gear.route(request);
        gear.policy.complete(gear.timeline(request, route, 0.2, 1, Outcome.STOP));
        DecisionRecord made = Objects.requireNonNull(gear.log.find(route.id()));
        for (CandidateRow row : made.candidates()) {
          assertThat(row.facts().price()).isFinite().isNotNegative();
          assertThat(row.facts().damage()).isFinite();
          assertThat(Objects.requireNonNull(row.score()).total()).isFinite();
        }
      }
    }
  }

  private DecisionRecord preview() {
    return gear.policy.preview(gear.request(Targets.NONE), gear.signals());
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  /** Ends of {@code requests} that took {@code ttft} seconds of the one that they asked for. */
  private void missing(int requests, double ttft) {
    for (int i = 0; i < requests; i++) {
      gear.advance(0.1);
      RequestFacts request = gear.request(ttft(Duration.ofSeconds(1)));
      Decision decision = gear.policy.decide(request, gear.signals());
      gear.policy.complete(gear.timeline(request, decision, ttft, ttft + 1, Outcome.STOP));
    }
  }

  private static Score score(DecisionRecord made, String engine) {
    return Objects.requireNonNull(row(made, engine).score());
  }

  private RequestFacts promptOf(int tokens, Set<Feature> needs) {
    RequestFacts any = gear.request(Targets.NONE);
    return new RequestFacts(
        any.requestId(),
        any.model(),
        any.serviceClass(),
        any.tenant(),
        any.targets(),
        Map.of("small", tokens, "medium", tokens, "large", tokens),
        any.maxTokens(),
        any.streaming(),
        needs,
        any.arrivedNanos());
  }

  private double predictedTtft() {
    var made = gear.policy.preview(gear.request(Targets.NONE), gear.signals());
    return row(made, "cpu/large").facts().forecast().ttftP50();
  }

  private String metrics() {
    var exposition = gear.meters.exposition();
    return exposition.text(exposition.contentType(null));
  }

  private static CandidateRow row(DecisionRecord made, String engine) {
    return Objects.requireNonNull(made.row(engine));
  }
}
