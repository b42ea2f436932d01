package dev.gearbox.gateway.records;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.Replay;
import dev.gearbox.policy.rule.RuleBase;
import dev.gearbox.policy.rule.RuleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decisions that were recorded once, decided by the code as it stands. Where deciding otherwise is
 * meant, the file that this test leaves in {@code target} takes the place of the one that it reads.
 */
class RecordedDecisionsTest {
  private static final Path RECORDED = Path.of("src/test/resources/records/decisions.jsonl.gz");
  private static final Path AGAIN = Path.of("target/decisions.jsonl.gz");

  @Test
  void recordedDecisionsComeOutTheSameToTheLastBit() throws Exception {
    RuleBase rules = RuleBase.compile(List.of(RuleSource.builtIn()));
    Files.write(
        AGAIN,
        RecordBlocks.write(TestingRecords.make(120).stream().map(RecordJson::write).toList()));
    List<DecisionRecord> records = new ArrayList<>();
    RecordReader.read(
        RECORDED,
        records::add,
        damage -> {
          throw new AssertionError(damage.toString());
        });

    assertThat(records).hasSizeGreaterThan(100);
    assertThat(records).anyMatch(each -> each.chosen() == null).anyMatch(DecisionRecord::relegated);
    for (DecisionRecord each : records) {
      Replay replay = Replay.of(each, rules, ChoiceOptions.DEFAULT);
      assertThat(replay.differences())
          .as("%s; if this is meant, copy %s to %s", each.id(), AGAIN, RECORDED)
          .isEmpty();
      assertThat(replay.same()).isTrue();
    }
  }

  @Test
  void aRecordReadsBackEqualAndHoldsNoTextOfTheClient() {
    for (DecisionRecord each : TestingRecords.make(40)) {
      JsonNode json = JsonMapper.shared().readTree(RecordJson.write(each));
      assertThat(RecordJson.read(json)).isEqualTo(each);
      assertThat(json.get("request").propertyNames())
          .doesNotContain("prompt", "messages", "body", "text");
    }
  }

  @Test
  void aDifferenceIsToldExactly() throws Exception {
    RuleBase rules =
        RuleBase.compile(
            List.of(new RuleSource("short.csv", "rule,model,then cap tokens\nshort,auto,1\n")));
    DecisionRecord made =
        TestingRecords.make(20).stream()
            .filter(each -> each.chosen() != null && each.request().maxTokens() > 1)
            .findFirst()
            .orElseThrow();

    Replay replay = Replay.of(made, rules, ChoiceOptions.DEFAULT);

    assertThat(replay.same()).isFalse();
    assertThat(replay.differences())
        .anyMatch(line -> line.startsWith("policy version: recorded " + made.policyVersion()))
        .anyMatch(line -> line.startsWith("decision: ") && line.contains("maxTokens=1,"));
  }
}
