package dev.gearbox.runtime.schedule;

import dev.gearbox.engine.Lane;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.StepPlan.Admitted;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.speculate.Speculation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching over paged KV memory after vLLM's V1 scheduler: there is no prefill phase and
 * no decode phase, only sequences whose computed tokens have not met their tokens yet, and a budget
 * per step.
 *
 * <ol>
 *   <li>Running answers get their one token each. Out of blocks, the sequence that stands last in
 *       {@link Sequence#ORDER} is preempted: it waits again and is computed anew later.
 *   <li>Then prompts, interactive before bulk, running before waiting, in chunks. How many tokens
 *       depends on the tightest time per token among the answers that the step carries; those that
 *       were promised none are kept from stuttering.
 *   <li>Waiting ones enter only if nothing was preempted for want of blocks, and only with blocks
 *       for their whole prompt, so that half-computed prompts never wait for each other.
 *   <li>An interactive one that finds no room displaces bulk, and anyone what only scores an
 *       answer.
 *   <li>Bulk sits out the step of an interactive prompt, but no two in a row: somebody waits for
 *       that step to end, and for a short prompt it is the only one.
 *   <li>Where room is left, answers get guessed tokens.
 *   <li>An answer is scored in a step that has nothing else to do.
 * </ol>
 */
public final class Scheduler<S extends Sequence> {
  /** Progress of a prompt in a step that has no time for it. */
  private static final int LEAST_PREFILL = 16;

  /**
   * How much longer than decoding alone a step may take for interactive answers that were promised
   * nothing: the tokens of a prompt that comes shall not make an even flow stutter.
   */
  private static final double SMOOTH = 1.75;

  /** A step that is this short reads as even whatever the others take. */
  private static final double QUICK_STEP_NANOS = 50e6;

  /** What a step with prompts may take when no answer presses, unless decoding alone is long. */
  private static final double LONGEST_STEP_NANOS = 200e6;

  /**
   * Tokens of bulk in a step that is not given up, so that bulk goes on however many calls come.
   */
  private static final int LEAST_BULK = 4;

  /** Share of a promise that is planned with; the rest is for what the estimate misses. */
  private static final double PLANNED_SHARE = 0.9;

  private final KvCache cache;
  private final StepTime time;
  private final int maxSequences;
  private final int maxStepTokens;
  private final Drafts drafts;
  private final List<S> running = new ArrayList<>();
  private final List<S> waiting = new ArrayList<>();
  private boolean bulkSitsOut;

  /** Tokens of bulk in a step: halved when one makes way, doubled when one comes to its end. */
  private int bulkTokens;

  /**
   * @param maxStepTokens at least {@code maxSequences}, so that every answer fits a step
   * @param maxDrafts guessed tokens of a sequence at most
   * @param exactTokens tokens of a step with guesses at most, so that guesses change no bit
   * @param drafter guesses what does not repeat; null: nobody does
   */
  public Scheduler(
      KvCache cache,
      StepTime time,
      int maxSequences,
      int maxStepTokens,
      int maxDrafts,
      int exactTokens,
      @Nullable Drafter drafter) {
    if (maxStepTokens < maxSequences) {
      throw new IllegalArgumentException(
          "a step of %d tokens cannot carry %d sequences".formatted(maxStepTokens, maxSequences));
    }
    this.cache = cache;
    this.time = time;
    this.maxSequences = maxSequences;
    this.maxStepTokens = maxStepTokens;
    this.bulkTokens = maxStepTokens;
    int mostTokens = Math.min(maxStepTokens, exactTokens);
    this.drafts = new Drafts(cache, time, maxDrafts, mostTokens, drafter);
  }

  /** Sequences that hold blocks, in order. */
  public List<S> running() {
    return Collections.unmodifiableList(running);
  }

  /** Sequences that hold none yet, or none any more, in order. */
  public List<S> waiting() {
    return Collections.unmodifiableList(waiting);
  }

  /** Queues a sequence; its whole context must fit the pool. */
  public void add(S sequence) {
    insert(waiting, sequence);
  }

  /** Forgets a sequence wherever it is and frees its blocks. */
  public void remove(S sequence) {
    if (running.remove(sequence)) {
      cache.release(sequence.table());
    } else {
      waiting.remove(sequence);
    }
  }

  /**
   * Plans the next step and reserves its blocks. Empty when nobody can go on.
   *
   * @param otherNanos what other engines on the device take between two steps of this one
   */
  public StepPlan<S> schedule(long otherNanos) {
    StepPlan<S> plan =
        new StepPlan<>(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    double left = PLANNED_SHARE * tightestNanos() - otherNanos;
    int prefill = prefillBudget(left);
    bulkSitsOut = !bulkSitsOut && interactivePrompts();
    scheduleDecodes(plan, Lane.INTERACTIVE);
    if (!bulkSitsOut) {
      scheduleDecodes(plan, Lane.BULK);
    }
    boolean room = schedulePrompts(plan, Lane.INTERACTIVE, prefill, plan.preempted().isEmpty());
    if (bulkSitsOut && plan.prefillTokens() == 0) {
      bulkSitsOut = false;
      scheduleDecodes(plan, Lane.BULK);
      room &= plan.preempted().isEmpty();
    }
    if (!bulkSitsOut) {
      int bulk = Math.max(0, bulkTokens - bulkDecodes(plan));
      schedulePrompts(plan, Lane.BULK, Math.min(prefill, plan.prefillTokens() + bulk), room);
    }
    drafts.add(plan, left);
    return plan;
  }

  private static int bulkDecodes(StepPlan<?> plan) {
    int sum = 0;
    for (Chunk<?> chunk : plan.chunks()) {
      sum += chunk.decode() && chunk.sequence().request().lane() == Lane.BULK ? 1 : 0;
    }
    return sum;
  }

  private boolean interactivePrompts() {
    return running.stream().anyMatch(Scheduler::isInteractivePrompt)
        || waiting.stream().anyMatch(Scheduler::isInteractivePrompt);
  }

  private static boolean isInteractivePrompt(Sequence sequence) {
    return sequence.request().lane() == Lane.INTERACTIVE
        && !sequence.decoding()
        && !sequence.paused();
  }

  /**
   * Records that the step was run: tokens count as computed, full blocks become findable. Guessed
   * tokens do so once they are {@link #verified}.
   */
  public void computed(StepPlan<S> plan) {
    if (plan.isBulk()) {
      bulkTokens = Math.min(maxStepTokens, 2 * bulkTokens);
    }
    for (Chunk<S> chunk : plan.chunks()) {
      S sequence = chunk.sequence();
      sequence.computed(chunk.from() + chunk.count() - chunk.drafts());
      cache.computed(sequence.table(), sequence.tokens(), sequence.computed());
    }
  }

  /** Whether the step makes way for who cannot wait. */
  public boolean mayGiveUp(StepPlan<S> plan) {
    return plan.isBulk() && plan.tokens() > LEAST_BULK;
  }

  /** Records that the step came to no end: it computed nothing, and its guesses are forgotten. */
  public void givenUp(StepPlan<S> plan) {
    bulkTokens = Math.max(LEAST_BULK, plan.tokens() / 2);
    for (Chunk<S> chunk : plan.chunks()) {
      if (chunk.drafts() > 0) {
        chunk.sequence().settle();
        cache.trim(chunk.sequence().table(), chunk.sequence().size());
      }
    }
  }

  /**
   * Settles the guesses of a chunk after its tokens were sampled: right ones count as computed, the
   * blocks of wrong ones go back.
   *
   * @return how many were right
   */
  public int verified(Chunk<S> chunk) {
    S sequence = chunk.sequence();
    int accepted = sequence.computed() - chunk.from() - 1;
    Speculation speculation = sequence.settle();
    cache.computed(sequence.table(), sequence.tokens(), sequence.computed());
    cache.trim(sequence.table(), sequence.size());
    if (speculation != null) {
      speculation.verified(chunk.drafts(), accepted);
    }
    return accepted;
  }

  private double tightestNanos() {
    double tightest = Double.POSITIVE_INFINITY;
    for (S sequence : running) {
      if (sequence.decoding() && !sequence.paused()) {
        tightest = Math.min(tightest, promisedNanos(sequence));
      }
    }
    return tightest;
  }

  private int prefillBudget(double leftNanos) {
    // Nobody can interrupt a step: whoever comes to another engine of the device waits for its end.
    double most = Math.max(LONGEST_STEP_NANOS, 2 * time.decodeNanos());
    double room = Math.min(leftNanos, most) - time.decodeNanos();
    double tokens = room / Math.max(1, time.prefillTokenNanos());
    return (int) Math.clamp(tokens, Math.min(LEAST_PREFILL, maxStepTokens), maxStepTokens);
  }

  private double promisedNanos(Sequence sequence) {
    long target = sequence.request().tpotTargetNanos();
    if (target > 0) {
      return target;
    }
    return switch (sequence.request().lane()) {
      case INTERACTIVE -> Math.max(QUICK_STEP_NANOS, SMOOTH * time.decodeNanos());
      case BULK -> Double.POSITIVE_INFINITY;
    };
  }

  private void scheduleDecodes(StepPlan<S> plan, Lane lane) {
    int left = lane == Lane.BULK ? bulkTokens : maxSequences;
    for (S sequence : new ArrayList<>(running)) {
      // INVARIANT: victims stand behind this sequence, so no chunk planned here loses its blocks.
      if (sequence.request().lane() != lane
          || !sequence.decoding()
          || sequence.paused()
          || plan.preempted().contains(sequence)) {
        continue;
      }
      while (!cache.extend(sequence.table(), sequence.size())) {
        S victim = running.getLast();
        preempt(plan, victim);
        if (victim.equals(sequence)) {
          break;
        }
      }
      if (!plan.preempted().contains(sequence)) {
        plan.chunks().add(new Chunk<>(sequence, sequence.computed(), 1, true));
        left--;
      }
      if (left == 0) {
        return;
      }
    }
  }

  /** Returns whether there is still room for others. */
  private boolean schedulePrompts(StepPlan<S> plan, Lane lane, int prefill, boolean room) {
    for (S sequence : running) {
      if (sequence.request().lane() == lane
          && !sequence.decoding()
          && !sequence.paused()
          && goesWith(sequence, plan)) {
        addChunk(plan, sequence, left(plan, prefill));
      }
    }
    return room && admit(plan, lane, prefill);
  }

  private static boolean goesWith(Sequence sequence, StepPlan<?> plan) {
    return !sequence.scores() || plan.isEmpty();
  }

  private void addChunk(StepPlan<S> plan, S sequence, int left) {
    int count = sequence.chunk(left);
    if (count > 0) {
      plan.chunks().add(new Chunk<>(sequence, sequence.computed(), count, false));
    }
  }

  /** Prompt tokens that the step can still take. */
  private int left(StepPlan<S> plan, int prefill) {
    int prompts = 0;
    int all = 0;
    for (Chunk<S> chunk : plan.chunks()) {
      all += chunk.count();
      prompts += chunk.decode() ? 0 : chunk.count();
    }
    return Math.min(prefill - prompts, maxStepTokens - all);
  }

  /** Returns false when somebody found no room, so that nobody behind takes what is left. */
  private boolean admit(StepPlan<S> plan, Lane lane, int prefill) {
    for (S sequence : new ArrayList<>(waiting)) {
      if (sequence.request().lane() != lane || sequence.paused() || !goesWith(sequence, plan)) {
        continue;
      }
      // Room is found last: it costs others theirs.
      if (left(plan, prefill) <= 0 || plan.preempted().contains(sequence)) {
        return false;
      }
      int cached = place(plan, sequence);
      if (cached < 0) {
        return false;
      }
      waiting.remove(sequence);
      insert(running, sequence);
      sequence.restart(cached);
      plan.admitted().add(new Admitted<>(sequence, cached));
      addChunk(plan, sequence, left(plan, prefill));
    }
    return true;
  }

  private int place(StepPlan<S> plan, S sequence) {
    while (true) {
      if (running.size() < maxSequences) {
        int cached =
            cache.admit(sequence.table(), sequence.tokens(), sequence.size(), sequence.sparable());
        if (cached >= 0) {
          return cached;
        }
      }
      if (!othersYieldEnough(sequence)) {
        return -1;
      }
      preempt(plan, running.getLast());
    }
  }

  private boolean othersYieldEnough(S sequence) {
    int blocks = 0;
    for (S other : running) {
      blocks += yields(other, sequence) ? other.table().size() : 0;
    }
    return blocks > 0 && cache.free() + blocks >= cache.blocksFor(sequence.size());
  }

  private static boolean yields(Sequence running, Sequence to) {
    if (running.scores() || to.scores()) {
      return !to.scores();
    }
    return running.request().lane() == Lane.BULK && to.request().lane() != Lane.BULK;
  }

  private void preempt(StepPlan<S> plan, S victim) {
    plan.chunks().removeIf(chunk -> chunk.sequence().equals(victim));
    plan.admitted().removeIf(admitted -> admitted.sequence().equals(victim));
    running.remove(victim);
    cache.release(victim.table());
    victim.restart(0);
    insert(waiting, victim);
    plan.preempted().add(victim);
  }

  private void insert(List<S> list, S sequence) {
    int at = Collections.binarySearch(list, sequence, Sequence.ORDER);
    list.add(at < 0 ? -at - 1 : at, sequence);
  }
}
