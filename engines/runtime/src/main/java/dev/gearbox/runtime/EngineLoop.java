package dev.gearbox.runtime;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.Lane;
import dev.gearbox.engine.TokenEvent;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.runtime.EngineStatus.Load;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.sample.Sampler;
import dev.gearbox.runtime.sample.SamplingBuffers;
import dev.gearbox.runtime.schedule.Scheduler;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Admitted;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.schedule.StepTime;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.telemetry.signal.TelemetrySink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The owner thread's side of one engine: takes requests in, runs steps, gives tokens out. Every
 * method is called by the device's owner thread only.
 */
final class EngineLoop {
  private static final System.Logger LOG = System.getLogger(EngineLoop.class.getName());

  private final EngineSpec spec;
  private final String device;
  private final ModelRunner runner;
  private final PromptEncoder encoder;
  private final EngineStatus status;
  private final LongSupplier clock;
  private final TelemetrySink sink;
  private final SplittableRandom seeds;

  private final KvCache cache;
  private final StepTime time = new StepTime();
  private final Scheduler<Generation> scheduler;
  private final EngineTotals totals = new EngineTotals();
  private final StepRun run;
  private final SamplingBuffers buffers = new SamplingBuffers();
  private final Map<TokenStream, Generation> generations = new LinkedHashMap<>();
  private final Queue<TokenStream> warmUps = new ArrayDeque<>();
  private @Nullable TokenStream warmUp;
  private long arrivals;
  private long otherNanos;

  EngineLoop(
      EngineSpec spec,
      String device,
      ModelRunner runner,
      PromptEncoder encoder,
      EngineStatus status,
      LongSupplier clock,
      TelemetrySink sink,
      SplittableRandom seeds) {
    this.spec = spec;
    this.device = device;
    this.runner = runner;
    this.encoder = encoder;
    this.status = status;
    this.clock = clock;
    this.sink = sink;
    this.seeds = seeds;
    this.run = new StepRun(runner);
    this.cache = new KvCache(spec.kvBlocks(), ModelRunner.BLOCK_TOKENS);
    int stepTokens = Math.min(spec.maxStepTokens(), runner.maxStepTokens());
    this.scheduler =
        new Scheduler<>(
            cache,
            time,
            spec.maxSequences(),
            stepTokens,
            spec.maxDrafts(),
            runner.exactStepTokens());
  }

  /** Reserves the KV memory and begins to warm up. */
  void open(List<TokenStream> warmUpStreams) {
    try {
      runner.allocateBlocks(spec.kvBlocks());
    } catch (RuntimeException | Error e) {
      fail("cannot reserve " + spec.kvBlocks() + " blocks of KV memory", e);
      return;
    }
    warmUps.addAll(warmUpStreams);
    warmUp();
  }

  /** Begins the next round of warming up; ready after the last. */
  private void warmUp() {
    warmUp = status.state() == State.WARMING ? warmUps.poll() : null;
    if (warmUp == null) {
      status.advance(State.READY);
    } else {
      begin(warmUp, clock.getAsLong());
    }
  }

  /** Takes a request that holds a permit. */
  void add(TokenStream stream, long submittedNanos) {
    status.seen(stream.request().prompt().size());
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
    GenerationRequest request = stream.request();
    int[] prompt = request.prompt().toArray();
    Sampler sampler = new Sampler(request.sampling(), seeds.nextLong(), prompt, buffers);
    Generation generation = new Generation(stream, arrivals++, encoder, sampler, submittedNanos);
    generations.put(stream, generation);
    scheduler.add(generation);
  }

  /** Stops a request, if it still runs. */
  void cancel(TokenStream stream) {
    Generation generation = generations.get(stream);
    if (generation != null) {
      end(generation);
    }
  }

  /** Ends what is past its deadline and pauses or resumes by demand; comes before every step. */
  void refresh(long nowNanos) {
    List<Generation> expired = new ArrayList<>();
    for (Generation generation : generations.values()) {
      generation.pause(generation.stream().shouldPause());
      if (generation.isExpired(nowNanos)) {
        expired.add(generation);
      }
    }
    for (Generation generation : expired) {
      end(generation);
      TokenEvent late = generation.failed(FailureCode.DEADLINE_EXCEEDED, "the deadline passed");
      generation.stream().emit(late);
    }
  }

  boolean isBusy() {
    return !generations.isEmpty();
  }

  /** Whether somebody of {@code lanes} wants a step. */
  boolean wantsStep(Set<Lane> lanes) {
    for (Generation generation : generations.values()) {
      if (!generation.paused() && lanes.contains(generation.request().lane())) {
        return true;
      }
    }
    return false;
  }

  /** Instant by which the next step should have ended; {@link Long#MAX_VALUE}: no hurry. */
  long due() {
    long due = Long.MAX_VALUE;
    for (Generation generation : generations.values()) {
      if (!generation.paused()) {
        due = Math.min(due, generation.due(time.decodeNanos(), time.prefillTokenNanos()));
      }
    }
    return due;
  }

  double stepNanos() {
    return time.decodeNanos();
  }

  /** Another engine used the device. */
  void otherStep(long nanos) {
    otherNanos += nanos;
  }

  /** Runs one step and returns its duration; 0 when nobody can go on. */
  long step() {
    try {
      StepPlan<Generation> plan = scheduler.schedule(otherNanos);
      long start = clock.getAsLong();
      note(plan, start);
      if (plan.isEmpty()) {
        publish();
        return 0;
      }
      float[] logits = run.step(plan);
      long end = clock.getAsLong();
      scheduler.computed(plan);
      report(plan, start, end);
      sample(plan, logits, end);
      publish();
      return Math.max(1, end - start);
    } catch (RuntimeException | Error e) {
      fail("the model's step failed", e);
      return 0;
    }
  }

  private void note(StepPlan<Generation> plan, long nowNanos) {
    totals.preempted(plan.preempted().size());
    for (Admitted<Generation> admitted : plan.admitted()) {
      Generation generation = admitted.sequence();
      if (generation.enters(nowNanos, admitted.cached()) && generation.stream() != warmUp) {
        totals.entered(generation.request().prompt().size(), admitted.cached());
      }
    }
  }

  private void report(StepPlan<Generation> plan, long start, long end) {
    long nanos = Math.max(1, end - start);
    int drafts = plan.tokens() - plan.decodes() - plan.prefillTokens();
    time.observe(plan.decodes(), drafts, plan.prefillTokens(), (double) nanos);
    // Steps of a warm-up are slower than any that follow.
    if (warmUp == null) {
      sink.step(plan.record(spec.engine(), device, otherNanos, nanos, end));
    }
    otherNanos = 0;
  }

  private void sample(StepPlan<Generation> plan, float[] logits, long nowNanos) {
    int row = 0;
    for (Chunk<Generation> chunk : plan.chunks()) {
      if (chunk.last()) {
        take(chunk, logits, row, nowNanos);
        row += 1 + chunk.drafts();
      }
    }
  }

  private void take(Chunk<Generation> chunk, float[] logits, int row, long nowNanos) {
    Generation generation = chunk.sequence();
    TokenEvent last = generation.accept(logits, row, runner.vocabulary(), nowNanos);
    if (chunk.drafts() > 0) {
      int accepted = scheduler.verified(chunk);
      if (generation.stream() != warmUp) {
        totals.drafted(chunk.drafts(), accepted);
      }
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
    generations.remove(generation.stream());
    if (generation.stream() == warmUp) {
      warmUp();
    } else {
      totals.generated(generation.generated());
      leave(generation.stream());
    }
    publish();
  }

  /** Gives a request's places back. */
  private void leave(TokenStream stream) {
    status.leave();
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
  }

  private void endAll(String message) {
    for (Generation generation : List.copyOf(generations.values())) {
      end(generation);
      generation.stream().emit(generation.failed(FailureCode.ENGINE_FAILED, message));
    }
  }

  private void publish() {
    int running = 0;
    int pending = 0;
    long context = 0;
    for (Generation generation : generations.values()) {
      pending += generation.decoding() ? 0 : generation.remaining();
    }
    for (Generation generation : scheduler.running()) {
      running += generation.stream() == warmUp ? 0 : 1;
      context += generation.computed();
    }
    publishAdapters();
    long now = clock.getAsLong();
    status.publish(new Load(running, pending, context, cache.free(), totals.counters(), now));
  }

  private void publishAdapters() {
    for (Generation generation : generations.values()) {
      LoadedAdapter adapter = LoadedAdapter.of(generation.request());
      if (adapter != null) {
        adapter.recount();
      }
    }
    for (Generation generation : scheduler.running()) {
      LoadedAdapter adapter = LoadedAdapter.of(generation.request());
      if (adapter != null) {
        adapter.count();
      }
    }
    for (Generation generation : generations.values()) {
      LoadedAdapter adapter = LoadedAdapter.of(generation.request());
      if (adapter != null) {
        adapter.publish();
      }
    }
  }
}
