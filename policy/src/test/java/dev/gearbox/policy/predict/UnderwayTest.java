package dev.gearbox.policy.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.engine.Lane;
import dev.gearbox.policy.fact.Forecast;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class UnderwayTest {
  private static final long SECOND = 1_000_000_000L;
  private static final double CYCLE = 0.05;

  private final LatencyModel latency = new LatencyModel(DevicePrior.CPU);
  private final Underway underway = new Underway(latency);

  @Test
  void anEmptyDeviceTakesNoDamage() {
    assertThat(underway.damage("d", joining(1, 1), CYCLE, 0)).isZero();
  }

  @Test
  void whoAsksForNothingHasNothingToLose() {
    underway.board("d", rider("a", Targets.NONE, 1), 0);

    assertThat(underway.damage("d", joining(1, 1), CYCLE, 0)).isZero();
  }

  @Test
  void whoIsNearItsLimitLosesMoreThanWhoIsFarFromIt() {
    underway.board("near", rider("a", tpot(60), 1), 0);
    underway.board("far", rider("b", tpot(300), 1), 0);
    Joining joining = joining(0.5, 0.03);

    double near = underway.damage("near", joining, CYCLE, 0);

    assertThat(near).isBetween(0.1, 1.0);
    assertThat(underway.damage("far", joining, CYCLE, 0)).isLessThan(near / 3);
  }

  @Test
  void whatIsLostAnywayCannotBeDamaged() {
    underway.board("d", rider("a", tpot(5), 1), 0);

    assertThat(underway.damage("d", joining(1, 1), CYCLE, 0)).isZero();
  }

  @Test
  void whoWaitsOnTheSameEngineStandsBeforeTheNewcomer() {
    underway.board("d", rider("a", ttft(600), 1), 0);

    assertThat(underway.damage("d", joining(0.5, 0.03), CYCLE, 0)).isZero();
    assertThat(underway.damage("d", new Joining("other", 0.5, 0.03, 50), CYCLE, 0))
        .isGreaterThan(0.05);
  }

  @Test
  void afterItsFirstTokenTheTimeToItIsDecided() {
    underway.board("d", rider("a", ttft(600), 1), 0);

    assertThat(underway.damage("d", new Joining("other", 0.5, 0.03, 50), CYCLE, SECOND)).isZero();
  }

  @Test
  void whoLeavesTakesNoMoreDamage() {
    underway.board("d", rider("a", tpot(60), 1), 0);
    underway.leave("a");

    assertThat(underway.damage("d", joining(0.5, 0.03), CYCLE, SECOND)).isZero();
  }

  @Test
  void whoNeverEndsIsForgotten() {
    underway.board("d", rider("a", tpot(60), 1), 0);

    assertThat(underway.damage("d", joining(0.5, 0.03), CYCLE, 100 * SECOND)).isZero();
  }

  @Test
  void whoHasAHigherPriorityOrCameBeforeGoesAheadInALane() {
    underway.board("d", rider("low", Lane.INTERACTIVE, -5), 0);
    underway.board("d", rider("same", Lane.INTERACTIVE, 0), 0);
    underway.board("d", rider("high", Lane.INTERACTIVE, 5), 0);

    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, 9, 3)).isZero();
    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, 5, 3)).isEqualTo(1);
    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, 0, 3)).isEqualTo(2);
    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, -9, 3)).isEqualTo(3);
  }

  @Test
  void theInteractiveLaneGoesAheadOfBulkWhateverThePriority() {
    underway.board("d", rider("a", Lane.INTERACTIVE, -5), 0);
    underway.board("d", rider("b", Lane.BULK, 5), 0);

    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, -9, 2)).isEqualTo(1);
    assertThat(underway.ahead("d", "e", Lane.BULK, 9, 2)).isEqualTo(1);
    assertThat(underway.ahead("d", "e", Lane.BULK, 5, 2)).isEqualTo(2);
  }

  @Test
  void whoWillComeOvertakesThoseOfLowerPriorityAndEveryoneInBulk() {
    for (int second = 0; second < 300; second++) {
      underway.board("d", rider("high" + second, Lane.INTERACTIVE, 5), second * SECOND);
    }
    long now = 300 * SECOND;
    double high = underway.overtaking("d", Lane.INTERACTIVE, 0, now);

    assertThat(high).isCloseTo(rider("any", Lane.INTERACTIVE, 5).forecast().work(), within(0.02));
    assertThat(underway.overtaking("d", Lane.BULK, 9, now)).isEqualTo(high);
    assertThat(underway.overtaking("d", Lane.INTERACTIVE, 5, now)).as("its equals").isZero();
    assertThat(underway.overtaking("other", Lane.BULK, 0, now)).isZero();
  }

  @Test
  void whoIsOnAnotherEngineIsAheadOfNobodyHere() {
    underway.board("d", rider("a", Lane.INTERACTIVE, 0), 0);

    assertThat(underway.ahead("d", "other", Lane.BULK, 0, 0)).isZero();
    underway.leave("a");
    assertThat(underway.ahead("d", "e", Lane.BULK, 0, 0)).isZero();
  }

  @Test
  void whomAnotherGatewayHandedOutIsTakenForAhead() {
    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, 9, 4)).isEqualTo(4);
    underway.board("d", rider("low", Lane.INTERACTIVE, -5), 0);

    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, 9, 4)).isEqualTo(3);
    assertThat(underway.ahead("d", "e", Lane.INTERACTIVE, -9, 4)).isEqualTo(4);
  }

  @Property(tries = 200)
  void damageIsBetweenNothingAndAllThereIsToLoseAndGrowsWithWhatJoins(
      @ForAll @IntRange(min = 1, max = 40) int riders,
      @ForAll @IntRange(min = 1, max = 2000) int targetMillis,
      @ForAll @DoubleRange(min = 0, max = 5) double prefill,
      @ForAll @DoubleRange(min = 0, max = 1) double cycle,
      @ForAll @DoubleRange(min = 0, max = 3) double later) {
    Underway aboard = new Underway(latency);
    for (int i = 0; i < riders; i++) {
      Duration target = Duration.ofMillis(targetMillis + 10L * i);
      Targets asked = new Targets(target.multipliedBy(5), target, null, null, null, null);
      aboard.board("d", rider("r" + i, asked, 0.5), 0);
    }
    long now = (long) (later * SECOND);

    double little = aboard.damage("d", new Joining("x", prefill, cycle, 50), CYCLE, now);
    double more = aboard.damage("d", new Joining("x", 2 * prefill, 2 * cycle, 50), CYCLE, now);

    assertThat(little).isBetween(0.0, 2 * 0.5 * riders);
    assertThat(more).isGreaterThanOrEqualTo(little - 1e-12);
  }

  private static Targets tpot(int ms) {
    return new Targets(null, Duration.ofMillis(ms), null, null, null, null);
  }

  private static Targets ttft(int ms) {
    return new Targets(Duration.ofMillis(ms), null, null, null, null, null);
  }

  private static Joining joining(double prefill, double cycle) {
    return new Joining("e", prefill, cycle, 50);
  }

  private static Rider rider(String id, Lane lane, int priority) {
    Rider any = rider(id, Targets.NONE, 1);
    return new Rider(id, "e", "p/e", true, lane, priority, 1, Targets.NONE, any.forecast(), 50, 0);
  }

  private static Rider rider(String id, Targets targets, double points) {
    Forecast forecast =
        new Forecast(0.5, CYCLE, 3, 0.5, 0.9, CYCLE, 0.08, 0.8, 0.8, 0.7, 1, 1, 0, 0, 0, 1, false);
    return new Rider(id, "e", "p/e", true, Lane.INTERACTIVE, 0, points, targets, forecast, 50, 0);
  }
}
