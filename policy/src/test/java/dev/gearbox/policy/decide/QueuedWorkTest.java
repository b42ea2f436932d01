package dev.gearbox.policy.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Origin;
import dev.gearbox.policy.fact.RequestFacts;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleException;
import dev.gearbox.policy.rule.RuleSource;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that were put into a queue, at the moment at which they are taken up. */
class QueuedWorkTest {
  private static final ServiceClass BATCH =
      new ServiceClass(
          "batch",
          Targets.NONE,
          0.95,
          Duration.ofDays(30),
          -10,
          Lane.BULK,
          ServiceClass.Weights.DEFAULT);

  private static Targets due(Duration left) {
    return new Targets(null, null, left, null, null, null);
  }

  private static RequestFacts queued(TestingPolicy policy, Duration left, double age) {
    return policy
        .request(BATCH, due(left))
        .from(new Origin(true, age, 100, null, left.toMillis() / 1e3));
  }

  @Test
  void idleEnginesGiveBulkWorkTheBestVariantAndATightDeadlineAQuickOne() {
    TestingPolicy policy = new TestingPolicy();

    Decision.Route patient = policy.route(queued(policy, Duration.ofHours(1), 5));
    assertThat(patient.variant()).isEqualTo("large");
    assertThat(patient.lane()).isEqualTo(Lane.BULK);

    // What the large one needs for half of the longest answer.
    Decision.Prediction large = patient.predicted();
    double needed = large.ttftP50() + 128 * large.tpotP50();
    Decision.Route hurried =
        policy.route(queued(policy, Duration.ofMillis((long) (needed * 400)), 3600));
    assertThat(hurried.variant()).isNotEqualTo("large");
    assertThat(hurried.predicted().tpotP50()).isLessThan(large.tpotP50());
  }

  @Test
  void aLongQueueGetsTheBestVariantThatIsThroughWithItInTime() {
    assertThat(takenUp(300, Duration.ofHours(1))).as("one in 12 s must go").isEqualTo("large");
    assertThat(takenUp(300, Duration.ofSeconds(30))).as("ten a second must").isEqualTo("small");
  }

  /** The variant of a queue's requests in the end, which are taken up as fast as there is room. */
  private static String takenUp(long lag, Duration left) {
    TestingPolicy policy = new TestingPolicy();
    policy.engine("small", EngineSignal.State.READY, 4, 0);
    String variant = "";
    for (int i = 0; i < 200; i++) {
      policy.advance(0.2);
      Origin origin = new Origin(true, 1, lag, 0.2, left.toMillis() / 1e3);
      RequestFacts request = policy.request(BATCH, due(left)).from(origin);
      Decision.Route route = policy.route(request);
      policy.policy.complete(policy.timeline(request, route, 0.5, 2, Outcome.LENGTH));
      variant = route.variant();
    }
    return variant;
  }

  /** Alone on its engine a request would pay for all of the weights that the queue will share. */
  @Test
  void anEmptyEngineIsNotDearToAQueueThatWillFillIt() {
    TestingPolicy policy = new TestingPolicy();
    policy.engine("small", EngineSignal.State.READY, 7, 8);

    CandidateRow alone = large(policy, 0);
    CandidateRow first = large(policy, 300);

    assertThat(first.facts().running()).isZero();
    assertThat(first.facts().forecast().work())
        .isLessThan(0.5 * alone.facts().forecast().work())
        .isPositive();
    assertThat(first.facts().forecast().ttft()).isEqualTo(alone.facts().forecast().ttft());
  }

  private static CandidateRow large(TestingPolicy policy, long lag) {
    Origin origin = new Origin(true, 1, lag, null, 3600.0);
    return policy
        .policy
        .preview(policy.request(BATCH, due(Duration.ofHours(1))).from(origin), policy.signals())
        .candidates()
        .stream()
        .filter(row -> row.facts().variant().equals("large"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void rulesSeeHowARequestCame() throws RuleException {
    TestingPolicy policy = new TestingPolicy();
    policy.policy.update(
        RuleBase.compile(
            List.of(
                RuleSource.builtIn(),
                new RuleSource(
                    "queued.drl",
                    """
                    package test
                    import dev.gearbox.policy.fact.*
                    import dev.gearbox.policy.rule.Reason
                    global dev.gearbox.policy.rule.Ruling ruling
                    rule "old work on a long queue goes small while it has no time to lose"
                    when
                      RequestFacts( origin.queued, origin.age > 60, origin.lag > 50, origin.slack != null, origin.slack < 7200 )
                      $c : CandidateFacts( variant != "small" )
                    then ruling.exclude($c, Reason.POLICY, $c.variant(), "==", "small"); end
                    """))));

    Duration hour = Duration.ofHours(1);
    assertThat(policy.route(policy.request(BATCH, due(hour))).variant()).isEqualTo("large");
    assertThat(policy.route(queued(policy, hour, 5)).variant()).isEqualTo("large");
    assertThat(policy.route(queued(policy, hour, 500)).variant()).isEqualTo("small");
  }
}
