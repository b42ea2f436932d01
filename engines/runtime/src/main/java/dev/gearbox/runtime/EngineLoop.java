package dev.gearbox.runtime;

import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.Scheduler;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.schedule.StepTime;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The owner thread's side of one engine: takes requests in, runs steps, gives tokens out. Every
 * method is called by the device's owner thread only.
 */
final class EngineLoop {
  private static final System.Logger LOG = System.getLogger(EngineLoop.class.getName());

  /** So many steps in a row that throw are no accident: the engine is given up. */
  private static final int MOST_FAILURES = 3;

  private final EngineSpec spec;
  private final ModelRunner runner;
  private final @Nullable DraftModel draft;
  private final EngineStatus status;
  private final LongSupplier clock;

  private final StepTime time = new StepTime();
  private final Scheduler<Generation> scheduler;
  private final EngineReport report;
  private final StepRun run;
  private final Generations generations;
  private final Queue<TokenStream> warmUps = new ArrayDeque<>();
  private long otherNanos;
  private int failures;

  EngineLoop(
      EngineSpec spec,
      String device,
      ModelRunner runner,
      @Nullable DraftSpec draft,
      PromptEncoder encoder,
      EngineStatus status,
      LongSupplier clock,
      TelemetrySink sink,
      SplittableRandom seeds) {
    this.spec = spec;
    this.runner = runner;
    this.status = status;
    this.clock = clock;
    this.generations = new Generations(encoder, seeds);
    this.run = new StepRun(runner);
    KvCache cache = new KvCache(spec.kvBlocks(), ModelRunner.BLOCK_TOKENS);
    this.draft = draft == null ? null : new DraftModel(draft, cache, clock);
    this.report = new EngineReport(spec, device, status, sink, cache);
    int stepTokens = Math.min(spec.maxStepTokens(), runner.maxStepTokens());
    this.scheduler =
        new Scheduler<>(
            cache,
            time,
            spec.maxSequences(),
            stepTokens,
            spec.maxDrafts(),
            runner.exactStepTokens(),
            this.draft);
  }

  /** Reserves the KV memory and begins to warm up. */
  void open(List<TokenStream> warmUpStreams) {
    try {
      runner.allocateBlocks(spec.kvBlocks());
      if (draft != null) {
        draft.allocateBlocks();
      }
    } catch (RuntimeException | Error e) {
      fail("cannot reserve " + spec.kvBlocks() + " blocks of KV memory", e);
      return;
    }
    warmUps.addAll(warmUpStreams);
    warmUp();
  }

  /** Begins the next round of warming up; ready after the last. */
  private void warmUp() {
    TokenStream warmUp = status.state() == State.WARMING ? warmUps.poll() : null;
    report.leaveOut(warmUp);
    if (draft != null) {
      draft.forgetTimes();
    }
    if (warmUp == null) {
      status.advance(State.READY);
    } else {
      begin(warmUp, clock.getAsLong());
    }
  }

  /** Takes a request that holds a permit. */
  void add(TokenStream stream, long submittedNanos) {
    status.seen(stream.request());
    if (status.state() == State.FAILED || status.state() == State.CLOSED) {
      leave(stream);
      stream.emit(DeviceEngine.gone(stream));
    } else if (stream.isCancelled()) {
      leave(stream);
    } else {
      begin(stream, submittedNanos);
    }
    publish();
  }

  private void begin(TokenStream stream, long submittedNanos) {
    scheduler.add(generations.begin(stream, submittedNanos));
  }

  /** Stops a request, if it still runs. */
  void cancel(TokenStream stream) {
    Generation generation = generations.of(stream);
    if (generation != null) {
      end(generation);
    }
  }

  /** Ends what is past its deadline and pauses or resumes by demand; comes before every step. */
  void refresh(long nowNanos) {
    for (Generation generation : generations.refresh(nowNanos)) {
      end(generation, FailureCode.DEADLINE_EXCEEDED, "the deadline passed");
    }
  }

  boolean isBusy() {
    return !generations.isEmpty();
  }

  /**
   * Whether somebody wants a step.
   *
   * @param idle whether those count who want one only when nobody else on the device does
   */
  boolean wantsStep(boolean idle) {
    return generations.wantsStep(idle);
  }

  /** Its share of the device beside others. */
  int weight() {
    return generations.weight(spec.maxSequences());
  }

  /** Instant by which the next step should have ended; {@link Long#MAX_VALUE}: no hurry. */
  long due() {
    return generations.due(time);
  }

  double stepNanos() {
    return time.decodeNanos();
  }

  /** Another engine used the device. */
  void otherStep(long nanos) {
    otherNanos += nanos;
  }

  /**
   * Runs one step and returns its duration; 0 when nobody can go on.
   *
   * @param pressed whether somebody came for whom a step of bulk alone makes way
   */
  long step(BooleanSupplier pressed) {
    try {
      StepPlan<Generation> plan = scheduler.schedule(otherNanos);
      long start = clock.getAsLong();
      report.planned(plan, start);
      if (plan.isEmpty()) {
        publish();
        return 0;
      }
      run(plan, start, pressed);
      publish();
      return Math.max(1, clock.getAsLong() - start);
    } catch (RuntimeException | Error e) {
      fail("the engine failed", e);
      return 0;
    }
  }

  /** Computes a plan and gives its tokens out, or fails whoever is in it. */
  private void run(StepPlan<Generation> plan, long start, BooleanSupplier pressed) {
    StepLogits logits;
    long guessed;
    try {
      if (draft != null) {
        draft.run(plan.asked());
      }
      guessed = clock.getAsLong();
      logits = run.step(plan, scheduler.mayGiveUp(plan) ? pressed : null);
    } catch (StepGivenUpException e) {
      scheduler.givenUp(plan);
      otherNanos += clock.getAsLong() - start;
      return;
    } catch (RuntimeException | Error e) {
      fail(plan, e);
      return;
    }
    failures = 0;
    long end = clock.getAsLong();
    scheduler.computed(plan);
    // Steps that score give many rows of logits: they say nothing of how long others take.
    if (!plan.scores()) {
      int drafts = plan.tokens() - plan.decodes() - plan.prefillTokens();
      time.observe(
          plan.decodes(), drafts, plan.prefillTokens(), (double) Math.max(1, end - guessed));
      report.stepped(plan, otherNanos, Math.max(1, end - start), end);
      otherNanos = 0;
    }
    sample(plan, logits, end);
  }

  /** A step that throws ends those it was for; others have lost nothing. */
  private void fail(StepPlan<Generation> plan, Throwable cause) {
    failures++;
    if (cause instanceof DeviceLostException) {
      fail("the device was lost", cause);
      return;
    }
    if (failures == MOST_FAILURES || status.state() == State.WARMING) {
      fail("the model's steps fail", cause);
      return;
    }
    LOG.log(System.Logger.Level.ERROR, "event=step_failed engine=" + spec.engine(), cause);
    for (Chunk<Generation> chunk : plan.chunks()) {
      end(chunk.sequence(), FailureCode.ENGINE_FAILED, "the model's step failed");
    }
  }

  private void sample(StepPlan<Generation> plan, StepLogits logits, long nowNanos) {
    int row = 0;
    for (Chunk<Generation> chunk : plan.chunks()) {
      int rows = chunk.rows();
      if (rows > 0) {
        take(chunk, logits, row, rows, nowNanos);
        row += rows;
      }
    }
  }

  private void take(Chunk<Generation> chunk, StepLogits logits, int row, int rows, long nowNanos) {
    Generation generation = chunk.sequence();
    TokenEvent last = generation.accept(logits, row, rows, nowNanos);
    if (chunk.drafts() > 0) {
      report.drafted(chunk, scheduler.verified(chunk));
    }
    if (last != null) {
      end(generation);
      generation.stream().emit(last);
    }
  }

  /**
   * Frees everything of a request; its last event comes after, so that whoever sees it sees that.
   */
  private void end(Generation generation) {
    scheduler.remove(generation);
    generations.remove(generation);
    if (report.isWarmUp(generation)) {
      warmUp();
    } else {
      report.ended(generation);
      leave(generation.stream());
    }
    publish();
  }

  private void end(Generation generation, FailureCode code, String message) {
    end(generation);
    generation.stream().emit(generation.failed(code, message));
  }

  /** Gives a request's places back. */
  private void leave(TokenStream stream) {
    status.leave(stream.request());
    LoadedAdapter adapter = LoadedAdapter.of(stream.request());
    if (adapter != null) {
      adapter.leave();
    }
  }

  private void fail(String what, Throwable cause) {
    LOG.log(System.Logger.Level.ERROR, "event=engine_failed engine=" + spec.engine(), cause);
    status.advance(State.FAILED);
    endAll(what);
  }

  /** Fails what runs and releases the runner. */
  void close() {
    status.advance(State.CLOSED);
    endAll("the engine was closed");
    runner.close();
    if (draft != null) {
      draft.close();
    }
  }

  private void endAll(String message) {
    for (Generation generation : List.copyOf(generations.all())) {
      end(generation, FailureCode.ENGINE_FAILED, message);
    }
  }

  private void publish() {
    report.publish(generations.all(), scheduler.running(), clock.getAsLong());
  }
}
