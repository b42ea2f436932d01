package dev.gearbox.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.SamplingSpec;
import dev.gearbox.engine.TokenIds;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Random arrivals, pauses and cancels against a small pool: what must hold after every step. */
final class SchedulerModelTest {
  private static final int BLOCK = 4;

  private final Map<Integer, String> memory = new HashMap<>();

  @Property(tries = 300)
  void keepsItsBudgetAndItsBlocksAndFinishesEverybody(
      @ForAll int seed,
      @ForAll @IntRange(min = 8, max = 24) int blocks,
      @ForAll @IntRange(min = 1, max = 6) int maxSequences,
      @ForAll @IntRange(min = 6, max = 20) int maxStepTokens) {
    Random random = new Random(seed);
    memory.clear();
    KvCache cache = new KvCache(blocks, BLOCK);
    Scheduler<Sequence> scheduler =
        new Scheduler<>(cache, new StepTime(), maxSequences, maxStepTokens, 4, maxStepTokens, null);
    Set<Sequence> alive = new HashSet<>();
    int steps = 0;
    for (int arrivals = 0; arrivals < 20 || !alive.isEmpty(); steps++) {
      if (arrivals < 20 && random.nextInt(3) > 0) {
        Sequence sequence = new Sequence(request(random, arrivals, blocks * BLOCK), arrivals++);
        alive.add(sequence);
        scheduler.add(sequence);
      }
      for (Sequence sequence : alive) {
        sequence.pause(arrivals < 20 && random.nextInt(8) == 0);
      }
      if (random.nextInt(12) == 0 && !alive.isEmpty()) {
        Sequence cancelled = alive.iterator().next();
        alive.remove(cancelled);
        scheduler.remove(cancelled);
      }
      StepPlan<Sequence> plan = scheduler.schedule(0);
      check(plan, scheduler, cache, maxSequences, maxStepTokens);
      if (arrivals == 20 && !alive.isEmpty()) {
        assertThat(plan.isEmpty()).as("somebody can always go on").isFalse();
      }
      run(plan, scheduler, alive);
      assertThat(steps).as("everybody finishes").isLessThan(20_000);
    }
    assertThat(cache.free()).isEqualTo(blocks);
    assertThat(scheduler.running()).isEmpty();
    assertThat(scheduler.waiting()).isEmpty();
  }

  private static GenerationRequest request(Random random, int number, int capacity) {
    int maxTokens = 1 + random.nextInt(10);
    int[] prompt = new int[1 + random.nextInt(capacity - maxTokens)];
    for (int i = 0; i < prompt.length; i++) {
      // Few distinct tokens, so that prefixes are often shared.
      prompt[i] = random.nextInt(8) == 0 ? 1 : 0;
    }
    return new GenerationRequest(
        "r" + number,
        TokenIds.of(prompt),
        SamplingSpec.GREEDY,
        maxTokens,
        List.of(),
        true,
        random.nextBoolean() ? Lane.INTERACTIVE : Lane.BULK,
        random.nextInt(3),
        0,
        Long.MAX_VALUE,
        "",
        random.nextBoolean());
  }

  private static void check(
      StepPlan<Sequence> plan,
      Scheduler<Sequence> scheduler,
      KvCache cache,
      int maxSequences,
      int maxStepTokens) {
    assertThat(plan.tokens()).isLessThanOrEqualTo(maxStepTokens);
    assertThat(scheduler.running()).hasSizeLessThanOrEqualTo(maxSequences);
    assertThat(plan.chunks().stream().map(Chunk::sequence)).doesNotHaveDuplicates();
    Set<Integer> held = new HashSet<>();
    for (Sequence sequence : scheduler.running()) {
      for (int i = 0; i < sequence.table().size(); i++) {
        held.add(sequence.table().blocks()[i]);
      }
    }
    assertThat(cache.free()).as("no block lost or doubled").isEqualTo(cache.total() - held.size());
    for (Sequence sequence : scheduler.waiting()) {
      assertThat(sequence.table().size()).isZero();
    }
    for (Chunk<Sequence> chunk : plan.chunks()) {
      assertThat(scheduler.running()).contains(chunk.sequence());
      assertThat(chunk.sequence().paused()).isFalse();
      assertThat(chunk.from()).isEqualTo(chunk.sequence().computed());
      assertThat(chunk.sequence().table().size() * BLOCK)
          .isGreaterThanOrEqualTo(chunk.from() + chunk.count());
    }
  }

  /** Writes each computed token to its place, reads every place that the step attends to. */
  private void run(StepPlan<Sequence> plan, Scheduler<Sequence> scheduler, Set<Sequence> alive) {
    for (Chunk<Sequence> chunk : plan.chunks()) {
      Sequence sequence = chunk.sequence();
      for (int p = 0; p < chunk.from() + chunk.count(); p++) {
        int place = sequence.table().blocks()[p / BLOCK] * BLOCK + p % BLOCK;
        if (p >= chunk.from()) {
          memory.put(place, prefix(sequence, p));
        } else {
          assertThat(memory.get(place)).isEqualTo(prefix(sequence, p));
        }
      }
    }
    scheduler.computed(plan);
    for (Chunk<Sequence> chunk : new ArrayList<>(plan.chunks())) {
      Sequence sequence = chunk.sequence();
      if (chunk.last()) {
        do {
          sequence.append(sequence.generated() % 5 == 4 ? 1 : 0);
        } while (sequence.remaining() == 0);
        if (chunk.drafts() > 0) {
          scheduler.verified(chunk);
        }
        if (sequence.generated() == sequence.request().maxTokens()) {
          scheduler.remove(sequence);
          alive.remove(sequence);
        }
      }
    }
  }

  private static String prefix(Sequence sequence, int position) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i <= position; i++) {
      text.append(sequence.token(i));
    }
    return text.toString();
  }
}
