package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.fact.CandidateFacts;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.fact.VariantFacts;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** One variant here and on a server elsewhere, which differs in what it costs and what it holds. */
class ElsewhereCandidateTest {
  private static final String HERE = "cpu/small";
  private static final String ELSEWHERE = "cpu/small#1";

  private final TestingPolicy gear = new TestingPolicy();

  ElsewhereCandidateTest() {
    VariantFacts here = TestingPolicy.variant("small", 0.6, 90_000_000L);
    VariantFacts dear =
        new VariantFacts("small", Set.of(), 0.6, 512, here.features(), 90_000_000L, 5);
    gear.policy.update(Map.of("auto", List.of(here)), Map.of(HERE, here, ELSEWHERE, dear));
    gear.elsewhere("small");
  }

  @Test
  void eachEngineHasItsOwnCostAndContext() {
    RequestFacts request = gear.request(Targets.NONE);
    assertThat(candidate(request, HERE).cost()).isZero();
    assertThat(candidate(request, ELSEWHERE).cost()).isPositive();
    assertThat(candidate(request, HERE).maxContext()).isEqualTo(2048);
    assertThat(candidate(request, ELSEWHERE).maxContext()).isEqualTo(512);
  }

  @Test
  void aCeilingKeepsTheDearOneOut() {
    Targets free = new Targets(null, null, null, null, null, 0.0);
    for (int i = 0; i < 20; i++) {
      assertThat(gear.route(gear.request(free)).engine()).isEqualTo(HERE);
    }
  }

  @Test
  void whatAnEngineIsKnownToHoldNeedsNoComputingThere() {
    RequestFacts request = gear.request(Targets.NONE).holding(Map.of(ELSEWHERE, 32, HERE, 4000));
    assertThat(candidate(request, ELSEWHERE).cachedTokens()).isEqualTo(32);
    assertThat(candidate(request, HERE).cachedTokens())
        .as("one token is always computed")
        .isEqualTo(39);
    assertThat(candidate(request, ELSEWHERE).forecast().ttft())
        .isLessThan(candidate(gear.request(Targets.NONE), ELSEWHERE).forecast().ttft());
  }

  private CandidateFacts candidate(RequestFacts request, String engine) {
    var made = gear.policy.preview(request, gear.signals());
    return Objects.requireNonNull(made.row(engine), engine).facts();
  }
}
