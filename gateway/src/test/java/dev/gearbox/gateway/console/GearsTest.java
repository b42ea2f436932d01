package dev.gearbox.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.records.TestingRecords;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.DecisionRecord;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class GearsTest {
  private static final Instant LATER = Instant.EPOCH.plusSeconds(1_000_000);

  private final Gears gears = new Gears();

  @Test
  void everyShiftIsToldWithTheDecisionThatExplainsIt() {
    List<DecisionRecord> records = TestingRecords.make(300);
    records.forEach(gears::decided);

    List<Gears.Gear> now = gears.gears(LATER);
    List<Gears.Shift> shifts = gears.shifts();

    assertThat(now).hasSize(3);
    assertThat(shifts).hasSizeGreaterThan(10);
    for (Gears.Shift shift : shifts) {
      assertThat(shift.from()).isNotEqualTo(shift.to());
      assertThat(variant(shift.cause())).isEqualTo(shift.to());
      assertThat(shift.why()).isNotBlank();
    }
    for (Gears.Gear gear : now) {
      Gears.Shift last =
          shifts.stream().filter(each -> each.key().equals(gear.key())).findFirst().orElseThrow();
      assertThat(gear.gear()).isEqualTo(last.to());
      assertThat(gear.since()).isEqualTo(last.time());
      assertThat(gear.ribbon()).isNotEmpty();
    }
  }

  @Test
  void ofASecondWithManyDecisionsTheGearIsWhatMostOfThemGot() {
    List<DecisionRecord> some = TestingRecords.make(300);
    DecisionRecord often = some.getFirst();
    DecisionRecord seldom =
        some.stream()
            .filter(made -> sameClass(made, often) && !variant(made).equals(variant(often)))
            .findFirst()
            .orElseThrow();
    Gears one = new Gears();
    Instant second = Instant.EPOCH.plusSeconds(9);
    for (int i = 0; i < 10; i++) {
      one.decided(at(i % 4 == 0 ? seldom : often, second.plusMillis(i)));
    }

    assertThat(one.gears(LATER).getFirst().gear()).isEqualTo(variant(often));
    assertThat(one.shifts()).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void rulesAreCountedOnceADecision() {
    List<DecisionRecord> records = TestingRecords.make(100);
    records.forEach(gears::decided);
    long with =
        records.stream()
            .filter(made -> made.rules().stream().anyMatch(f -> f.rule().equals("queue full")))
            .count();

    assertThat(gears.rules())
        .hasEntrySatisfying("queue full", fired -> assertThat(fired.count()).isEqualTo(with));
  }

  private static boolean sameClass(DecisionRecord one, DecisionRecord other) {
    return one.request().serviceClass().name().equals(other.request().serviceClass().name());
  }

  private static String variant(DecisionRecord made) {
    CandidateRow row = made.chosenRow();
    return row == null ? Gears.REFUSED : row.facts().variant();
  }

  private static DecisionRecord at(DecisionRecord made, Instant time) {
    return new DecisionRecord(
        made.id(),
        time,
        made.policyVersion(),
        made.seed(),
        made.request(),
        made.boost(),
        made.signalAge(),
        made.rules(),
        made.fallback(),
        made.candidates(),
        made.chosen(),
        made.runnerUp(),
        made.margin(),
        made.explored(),
        made.relegated(),
        made.receipt(),
        made.decision(),
        made.actual());
  }
}
