package dev.gearbox.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SchedulerTest {
  private static final int BLOCK = 4;

  private final StepTime time = new StepTime();
  private KvCache cache = new KvCache(64, BLOCK);
  private Scheduler<Sequence> scheduler = new Scheduler<>(cache, time, 4, 16, 0, 16, null);
  private int arrivals;

  private void limits(int blocks, int maxSequences, int maxStepTokens) {
    cache = new KvCache(blocks, BLOCK);
    scheduler = new Scheduler<>(cache, time, maxSequences, maxStepTokens, 0, maxStepTokens, null);
  }

  private void guessing(int maxDrafts, int exactTokens) {
    scheduler = new Scheduler<>(cache, time, 4, 16, maxDrafts, exactTokens, null);
  }

  private Sequence add(int promptTokens, Lane lane, int priority, long tpotTargetNanos) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 1000 * arrivals + i;
    }
    return add(prompt, lane, priority, tpotTargetNanos, false);
  }

  private Sequence add(
      int[] prompt, Lane lane, int priority, long tpotTargetNanos, boolean speculate) {
    GenerationRequest request =
        new GenerationRequest(
            "r" + arrivals,
            TokenIds.of(prompt),
            SamplingSpec.GREEDY,
            100,
            List.of(),
            true,
            lane,
            priority,
            tpotTargetNanos,
            Long.MAX_VALUE,
            "",
            speculate);
    Sequence sequence = new Sequence(request, arrivals++);
    scheduler.add(sequence);
    return sequence;
  }

  /** A sequence whose text is 7, 7, 7, …, as what {@link #step} appends. */
  private Sequence addRepetitive() {
    int[] prompt = {7, 7, 7};
    return add(prompt, Lane.INTERACTIVE, 0, 0, true);
  }

  private Sequence add(int promptTokens) {
    return add(promptTokens, Lane.INTERACTIVE, 0, 0);
  }

  /** Plans a step and pretends that it was run. */
  private StepPlan<Sequence> step() {
    StepPlan<Sequence> plan = scheduler.schedule(0);
    scheduler.computed(plan);
    for (Chunk<Sequence> chunk : plan.chunks()) {
      if (chunk.last()) {
        do {
          chunk.sequence().append(7);
        } while (chunk.sequence().remaining() == 0);
        if (chunk.drafts() > 0) {
          scheduler.verified(chunk);
        }
      }
    }
    return plan;
  }

  private static int tokensOf(StepPlan<Sequence> plan, Sequence sequence) {
    return plan.chunks().stream()
        .filter(chunk -> chunk.sequence().equals(sequence))
        .mapToInt(Chunk::count)
        .sum();
  }

  @Test
  void cutsALongPromptIntoChunksOfTheBudget() {
    Sequence sequence = add(40);
    assertThat(tokensOf(step(), sequence)).isEqualTo(16);
    assertThat(tokensOf(step(), sequence)).isEqualTo(16);
    StepPlan<Sequence> last = step();
    assertThat(tokensOf(last, sequence)).isEqualTo(8);
    assertThat(last.chunks().getFirst().decode()).isFalse();
    assertThat(step().chunks()).containsExactly(new Chunk<>(sequence, 40, 1, true));
  }

  @Test
  void bulkSitsOutTheStepOfAnInteractivePromptButNoTwoInARow() {
    Sequence bulk = add(4, Lane.BULK, 0, 0);
    step();
    Sequence prompt = add(40);
    List<Integer> decoded = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      StepPlan<Sequence> plan = step();
      assertThat(tokensOf(plan, prompt)).isPositive();
      decoded.add(tokensOf(plan, bulk));
    }
    assertThat(decoded).containsExactly(0, 1, 0, 1);
  }

  @Test
  void bulkTakesSmallerStepsAfterOneThatMadeWayAndLargerOnesAgain() {
    limits(64, 12, 64);
    for (int i = 0; i < 12; i++) {
      add(1, Lane.BULK, 0, 0);
    }
    assertThat(step().tokens()).isEqualTo(12);
    List<Integer> tokens = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      StepPlan<Sequence> plan = scheduler.schedule(0);
      assertThat(scheduler.mayGiveUp(plan)).isTrue();
      scheduler.givenUp(plan);
      tokens.add(plan.tokens());
    }
    StepPlan<Sequence> least = scheduler.schedule(0);
    assertThat(scheduler.mayGiveUp(least)).isFalse();
    scheduler.computed(least);
    for (Chunk<Sequence> chunk : least.chunks()) {
      chunk.sequence().append(7);
    }
    for (int i = 0; i < 2; i++) {
      tokens.add(step().tokens());
    }
    assertThat(tokens).containsExactly(12, 6, 8, 12);
    assertThat(least.tokens()).isEqualTo(4);
  }

  @Test
  void bulkGoesOnWhereAnInteractivePromptFindsNoRoom() {
    limits(4, 1, 16);
    Sequence one = add(4);
    step();
    Sequence prompt = add(4);
    assertThat(tokensOf(step(), prompt)).isZero();
    scheduler.remove(one);
    scheduler.remove(prompt);
    Sequence bulk = add(4, Lane.BULK, 0, 0);
    step();
    // More blocks than there are, its own and those of bulk together.
    add(40);
    assertThat(tokensOf(step(), bulk)).isEqualTo(1);
  }

  @Test
  void decodesFirstAndFillsTheRestWithPrompts() {
    Sequence running = add(4);
    step();
    Sequence prompt = add(40);
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, running)).isEqualTo(1);
    assertThat(tokensOf(plan, prompt)).isEqualTo(15);
  }

  @Test
  void keepsPromptsFromBreakingAPromisedTimePerToken() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 10e6);
    time.observe(0, 0, 10, 10e6);
    Sequence promised = add(4, Lane.INTERACTIVE, 0, 50_000_000);
    step();
    Sequence prompt = add(60);
    // 0.9 · 50 ms − 10 ms for decode leaves 35 ms at 1 ms a token.
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, prompt)).isEqualTo(35);
    assertThat(tokensOf(plan, promised)).isEqualTo(1);
  }

  @Test
  void countsWhatOtherEnginesTakeAgainstThePromise() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 10e6);
    time.observe(0, 0, 10, 10e6);
    add(4, Lane.INTERACTIVE, 0, 50_000_000);
    step();
    Sequence prompt = add(60);
    assertThat(tokensOf(scheduler.schedule(15_000_000), prompt)).isEqualTo(20);
  }

  @Test
  void letsAPromptProgressEvenWhereNoPromiseCanBeKept() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 100e6);
    time.observe(0, 0, 10, 10e6);
    add(4, Lane.INTERACTIVE, 0, 1_000_000);
    step();
    Sequence prompt = add(60);
    assertThat(tokensOf(step(), prompt)).isEqualTo(16);
  }

  @Test
  void letsPromptsMakeAStepLittleLongerForAnswersThatWerePromisedNothing() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 40e6);
    time.observe(0, 0, 10, 10e6);
    add(4);
    step();
    Sequence prompt = add(60);
    // 0.9 · 1.75 · 40 ms − 40 ms for decode, at 1 ms a token.
    assertThat(tokensOf(step(), prompt)).isEqualTo(23);
  }

  @Test
  void givesPromptsFiftyMillisecondsWhereDecodingIsQuick() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 10e6);
    time.observe(0, 0, 10, 10e6);
    add(4);
    step();
    Sequence prompt = add(60);
    assertThat(tokensOf(step(), prompt)).isEqualTo(35);
  }

  @Test
  void givesBulkAloneTheWholeStep() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 100e6);
    time.observe(0, 0, 10, 10e6);
    add(4, Lane.BULK, 0, 0);
    step();
    Sequence prompt = add(60, Lane.BULK, 0, 0);
    assertThat(tokensOf(step(), prompt)).isEqualTo(60);
  }

  @Test
  void holdsAStepToALengthThatThoseOnOtherEnginesCanWaitFor() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 100e6);
    time.observe(0, 0, 10, 50e6);
    add(4, Lane.BULK, 0, 0);
    step();
    Sequence prompt = add(60, Lane.BULK, 0, 0);
    assertThat(tokensOf(step(), prompt)).isEqualTo(20);
  }

  @Test
  void letsAStepWithPromptsTakeTwiceWhatDecodingAloneTakes() {
    limits(64, 4, 64);
    time.observe(1, 0, 0, 300e6);
    time.observe(0, 0, 10, 100e6);
    add(4, Lane.BULK, 0, 0);
    step();
    Sequence prompt = add(60, Lane.BULK, 0, 0);
    // 600 ms − 300 ms for decode, at 10 ms a token.
    assertThat(tokensOf(step(), prompt)).isEqualTo(30);
  }

  @Test
  void takesInteractivePromptsBeforeBulkOnesThatAlreadyRun() {
    Sequence bulk = add(60, Lane.BULK, 0, 0);
    step();
    Sequence interactive = add(26);
    assertThat(tokensOf(step(), interactive)).isEqualTo(16);
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, interactive)).isEqualTo(10);
    assertThat(tokensOf(plan, bulk)).isEqualTo(6);
  }

  @Test
  void takesHigherPrioritiesFirst() {
    limits(64, 1, 16);
    Sequence low = add(4, Lane.INTERACTIVE, 0, 0);
    Sequence high = add(4, Lane.INTERACTIVE, 5, 0);
    assertThat(tokensOf(step(), high)).isEqualTo(4);
    assertThat(scheduler.waiting()).containsExactly(low);
  }

  @Test
  void preemptsTheLowestPriorityWhenBlocksRunOut() {
    limits(3, 4, 16);
    Sequence first = add(4);
    Sequence low = add(4, Lane.INTERACTIVE, -1, 0);
    step();
    // Each needs a second block, one is free.
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, first)).isEqualTo(1);
    assertThat(plan.preempted()).containsExactly(low);
    assertThat(low.computed()).isZero();
    assertThat(low.table().size()).isZero();
    assertThat(scheduler.waiting()).containsExactly(low);
  }

  @Test
  void preemptsTheLatestAmongEquals() {
    limits(3, 4, 16);
    add(4);
    Sequence late = add(4);
    step();
    assertThat(step().preempted()).containsExactly(late);
  }

  @Test
  void admitsNobodyInAStepThatRanOutOfBlocks() {
    limits(3, 4, 16);
    add(4);
    Sequence late = add(4);
    step();
    Sequence waiting = add(1);
    StepPlan<Sequence> plan = step();
    assertThat(plan.admitted()).isEmpty();
    assertThat(scheduler.waiting()).containsExactly(late, waiting);
  }

  @Test
  void admitsOnlyWithBlocksForTheWholePrompt() {
    limits(6, 4, 16);
    Sequence first = add(16);
    step();
    Sequence second = add(12);
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, second)).isZero();
    assertThat(tokensOf(plan, first)).isEqualTo(1);
    scheduler.remove(first);
    assertThat(tokensOf(step(), second)).isEqualTo(12);
  }

  @Test
  void displacesBulkForAnInteractiveOneThatFindsNoRoom() {
    limits(64, 2, 16);
    Sequence bulk = add(4, Lane.BULK, 0, 0);
    Sequence laterBulk = add(4, Lane.BULK, 0, 0);
    step();
    Sequence interactive = add(4);
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, interactive)).isEqualTo(4);
    assertThat(plan.preempted()).containsExactly(laterBulk);
    assertThat(tokensOf(plan, laterBulk)).isZero();
    assertThat(tokensOf(step(), bulk)).isEqualTo(1);
  }

  @Test
  void displacesNobodyWhenThatWouldNotHelp() {
    limits(7, 4, 32);
    Sequence bulk = add(4, Lane.BULK, 0, 0);
    step();
    Sequence interactive = add(16);
    step();
    add(12);
    StepPlan<Sequence> plan = step();
    assertThat(plan.preempted()).isEmpty();
    assertThat(scheduler.running()).containsExactly(interactive, bulk);
  }

  @Test
  void skipsWhatIsPausedAndKeepsItsBlocks() {
    Sequence paused = add(4);
    step();
    paused.pause(true);
    Sequence other = add(4);
    StepPlan<Sequence> plan = step();
    assertThat(tokensOf(plan, paused)).isZero();
    assertThat(tokensOf(plan, other)).isEqualTo(4);
    assertThat(paused.table().size()).isEqualTo(1);
    paused.pause(false);
    assertThat(tokensOf(step(), paused)).isEqualTo(1);
  }

  @Test
  void startsBehindASharedPrefix() {
    Sequence first = add(12);
    step();
    arrivals = 0;
    Sequence second = add(12);
    StepPlan<Sequence> plan = step();
    assertThat(plan.admitted().getFirst().cached()).isEqualTo(8);
    assertThat(tokensOf(plan, second)).isEqualTo(4);
    scheduler.remove(first);
    scheduler.remove(second);
    assertThat(cache.free()).isEqualTo(64);
  }

  @Test
  void guessesAheadForWhatRepeatsItselfAndTakesWhatIsRight() {
    guessing(3, 16);
    Sequence sequence = addRepetitive();
    step();
    int steps = 0;
    while (sequence.generated() < 40) {
      assertThat(tokensOf(step(), sequence)).isBetween(1, 4);
      steps++;
    }
    assertThat(steps).isLessThan(20);
    assertThat(sequence.remaining()).isEqualTo(1);
    assertThat(sequence.table().size()).isEqualTo(cache.blocksFor(sequence.size()));
  }

  @Test
  void givesTheBlocksOfWrongGuessesBack() {
    guessing(3, 16);
    Sequence sequence = addRepetitive();
    step();
    StepPlan<Sequence> plan = scheduler.schedule(0);
    Chunk<Sequence> chunk = plan.chunks().getFirst();
    assertThat(chunk.drafts()).isPositive();
    assertThat(sequence.table().size()).isEqualTo(2);
    scheduler.computed(plan);
    assertThat(sequence.computed()).isEqualTo(4);
    sequence.append(8);
    assertThat(scheduler.verified(chunk)).isZero();
    assertThat(sequence.computed()).isEqualTo(4);
    scheduler.remove(sequence);
    assertThat(cache.free()).isEqualTo(64);
    // What was guessed is found by nobody: 7 7 7 7 is there, nothing behind it.
    Sequence same = add(new int[] {7, 7, 7, 7, 7, 7, 7, 7, 7}, Lane.INTERACTIVE, 0, 0, false);
    assertThat(scheduler.schedule(0).admitted().getFirst().cached()).isEqualTo(4);
    assertThat(same.computed()).isEqualTo(4);
  }

  @Test
  void guessesNothingInStepsThatComputePromptsOrGrowTooLarge() {
    guessing(3, 2);
    Sequence first = addRepetitive();
    step();
    assertThat(tokensOf(step(), first)).isEqualTo(2);
    Sequence second = addRepetitive();
    assertThat(tokensOf(step(), first)).isEqualTo(1);
    assertThat(tokensOf(step(), first)).isEqualTo(1);
    assertThat(second.decoding()).isTrue();
  }

  @Test
  void guessesNeverDisplaceAnybody() {
    cache = new KvCache(2, BLOCK);
    guessing(3, 16);
    Sequence first = addRepetitive();
    Sequence second = addRepetitive();
    step();
    StepPlan<Sequence> plan = step();
    assertThat(plan.preempted()).isEmpty();
    assertThat(tokensOf(plan, first)).isEqualTo(1);
    assertThat(tokensOf(plan, second)).isEqualTo(1);
  }

  @Test
  void guessesNoFurtherThanTheAnswerMayGo() {
    guessing(8, 16);
    Sequence sequence = addRepetitive();
    while (sequence.generated() < 100) {
      step();
    }
    assertThat(sequence.generated()).isEqualTo(100);
  }

  @Test
  void plansNothingWhenNobodyIsThere() {
    assertThat(scheduler.schedule(0).isEmpty()).isTrue();
  }
}
