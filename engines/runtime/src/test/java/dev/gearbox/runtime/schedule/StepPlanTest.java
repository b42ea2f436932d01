package dev.gearbox.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.telemetry.record.StepRecord;
import org.junit.jupiter.api.Test;

class StepPlanTest {
  private static final int BLOCK = 16;

  @Test
  void theRecordOfAStepSaysWhatItCarried() {
    KvCache cache = new KvCache(64, BLOCK);
    Scheduler<Sequence> scheduler = new Scheduler<>(cache, new StepTime(), 4, 64, 0, 0, null);
    Sequence first = sequence("first", 10, 0);
    scheduler.add(first);
    StepPlan<Sequence> prompt = scheduler.schedule(0);
    assertThat(prompt.isEmpty()).isFalse();
    assertThat(prompt.tokens()).isEqualTo(10);
    scheduler.computed(prompt);
    first.append(7);
    scheduler.add(sequence("second", 20, 1));

    StepPlan<Sequence> both = scheduler.schedule(0);
    StepRecord record = both.record("p/e", "d", 11, 22, 33);

    assertThat(both.tokens()).isEqualTo(21);
    assertThat(both.decodes()).isEqualTo(1);
    assertThat(both.prefillTokens()).isEqualTo(20);
    assertThat(record.engine()).isEqualTo("p/e");
    assertThat(record.device()).isEqualTo("d");
    assertThat(record.decodeSequences()).isEqualTo(1);
    assertThat(record.contextTokens()).isEqualTo(11);
    assertThat(record.prefillTokens()).isEqualTo(20);
    assertThat(record.prefillContext()).isEqualTo(20 * 10.0);
    assertThat(record.otherStepsNanos()).isEqualTo(11);
    assertThat(record.nanos()).isEqualTo(22);
  }

  @Test
  void aStepOfNobodyIsEmpty() {
    Scheduler<Sequence> scheduler =
        new Scheduler<>(new KvCache(8, BLOCK), new StepTime(), 4, 64, 0, 0, null);
    StepPlan<Sequence> plan = scheduler.schedule(0);
    assertThat(plan.isEmpty()).isTrue();
    assertThat(plan.tokens()).isZero();
  }

  private static Sequence sequence(String id, int tokens, long arrival) {
    int[] prompt = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      prompt[i] = id.hashCode() + i;
    }
    return new Sequence(GenerationRequest.greedy(id, TokenIds.of(prompt), 8), arrival);
  }
}
