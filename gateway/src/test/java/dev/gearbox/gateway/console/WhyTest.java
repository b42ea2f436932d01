package dev.gearbox.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.records.TestingRecords;
import dev.gearbox.policy.decide.CandidateRow;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of any decision there is one sentence, with what was compared. */
class WhyTest {
  private static final List<DecisionRecord> RECORDS = TestingRecords.make(800);

  @Test
  void everyDecisionHasASentenceWithAValueAnOperatorAndAThreshold() {
    for (DecisionRecord made : RECORDS) {
      String why = Why.chosen(made);

      assertThat(why).doesNotContain("null", "NaN", "\n").hasSizeBetween(10, 300);
      if (won(made)) {
        assertThat(why)
            .as(made.id())
            .containsPattern("not \\w+: .*\\S (<=|>=|<|>|==|contains) \\S");
      }
    }
    assertThat(RECORDS.stream().filter(WhyTest::won).count()).isGreaterThan(100);
  }

  @Test
  void aRefusalSaysWhatTheClientWasTold() {
    List<DecisionRecord> refused =
        RECORDS.stream().filter(made -> made.decision() instanceof Decision.Refuse).toList();

    assertThat(refused).isNotEmpty();
    for (DecisionRecord made : refused) {
      assertThat(Why.chosen(made)).contains(((Decision.Refuse) made.decision()).message());
    }
  }

  @Test
  void leavingAGearThatARuleExcludedNamesTheRuleAndWhatItCompared() {
    int named = 0;
    for (DecisionRecord made : RECORDS) {
      for (CandidateRow row : made.candidates()) {
        if (won(made) && row.excluded() != null) {
          assertThat(Why.shift(made, row.facts().variant()))
              .contains("rule '" + row.excluded().rule() + "'", row.excluded().operator());
          named++;
        }
      }
    }
    assertThat(named).isGreaterThan(50);
  }

  @Test
  void leavingAGearThatIsGoneSaysSo() {
    DecisionRecord made = RECORDS.stream().filter(WhyTest::won).findFirst().orElseThrow();

    assertThat(Why.shift(made, "withdrawn")).isEqualTo("no engine runs withdrawn");
  }

  private static boolean won(DecisionRecord made) {
    return made.chosen() != null && !made.explored() && !made.relegated();
  }
}
