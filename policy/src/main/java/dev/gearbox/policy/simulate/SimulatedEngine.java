package dev.gearbox.policy.simulate;

import dev.gearbox.engine.DeviceShare;
import dev.gearbox.engine.Lane;
import dev.gearbox.runtime.ModelRunner;
import dev.gearbox.runtime.cache.KvCache;
import dev.gearbox.runtime.schedule.Scheduler;
import dev.gearbox.runtime.schedule.StepPlan;
import dev.gearbox.runtime.schedule.StepPlan.Admitted;
import dev.gearbox.runtime.schedule.StepPlan.Chunk;
import dev.gearbox.runtime.schedule.StepTime;
import dev.gearbox.telemetry.record.Outcome;
import dev.gearbox.telemetry.record.StepRecord;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The scheduler and the KV memory of an engine, with a profile in place of a model. Takes requests
 * in, runs steps and says how it is as an engine of {@code dev.gearbox.runtime} does.
 */
final class SimulatedEngine {
  private final String id;
  private final String device;
  private final EngineProfile profile;
  private final SplittableRandom random;
  private final Listener listener;
  private final KvCache cache;
  private final StepTime time = new StepTime();
  private final Scheduler<SimulatedSequence> scheduler;
  private final LinkedHashSet<SimulatedSequence> inFlight = new LinkedHashSet<>();
  private State state = State.READY;
  private Load spoken;
  private long arrivals;

  /** No request in flight has a deadline before this. */
  private long earliest = Long.MAX_VALUE;

  private long otherNanos;

  /** Hears what becomes of requests and steps. */
  interface Listener {
    /** A step ended that computed something of {@code carried}. */
    void step(StepRecord step, List<Flight> carried);

    void ended(SimulatedEngine engine, Flight flight, Outcome outcome);
  }

  SimulatedEngine(
      String id,
      String device,
      EngineProfile profile,
      SplittableRandom random,
      Listener listener,
      long nowNanos) {
    this.id = id;
    this.device = device;
    this.profile = profile;
    this.random = random;
    this.listener = listener;
    this.cache = new KvCache(profile.kvBlocks(), ModelRunner.BLOCK_TOKENS);
    this.scheduler =
        new Scheduler<>(cache, time, profile.maxSequences(), profile.maxStepTokens(), 0, 0, null);
    this.spoken = look(nowNanos);
  }

  String id() {
    return id;
  }

  EngineProfile profile() {
    return profile;
  }

  /** Takes a request; false when its places are taken or it is lost. */
  boolean submit(Flight flight) {
    int most = profile.maxSequences() + profile.queueLimit();
    int tokens = flight.arrival().promptTokens() + flight.length();
    if (state != State.READY
        || inFlight.size() >= most
        || cache.blocksFor(tokens) > cache.total()) {
      return false;
    }
    SimulatedSequence sequence = new SimulatedSequence(flight, arrivals++);
    inFlight.add(sequence);
    earliest = Math.min(earliest, sequence.request().deadlineNanos());
    scheduler.add(sequence);
    return true;
  }

  /** Ends what is past its deadline; comes before every step. */
  void expire(long nowNanos) {
    if (nowNanos < earliest) {
      return;
    }
    List<SimulatedSequence> late = new ArrayList<>();
    long next = Long.MAX_VALUE;
    for (SimulatedSequence sequence : inFlight) {
      long deadline = sequence.request().deadlineNanos();
      if (deadline <= nowNanos) {
        late.add(sequence);
      } else {
        next = Math.min(next, deadline);
      }
    }
    earliest = next;
    late.forEach(sequence -> end(sequence, Outcome.EXPIRED));
  }

  /** Its share of the device beside others. */
  int weight() {
    boolean interactive = false;
    for (SimulatedSequence sequence : inFlight) {
      interactive |= sequence.request().lane() == Lane.INTERACTIVE;
    }
    return DeviceShare.weight(interactive, inFlight.size(), profile.maxSequences());
  }

  boolean isIdle() {
    return inFlight.isEmpty();
  }

  long due() {
    long due = Long.MAX_VALUE;
    for (SimulatedSequence sequence : inFlight) {
      long last = sequence.flight().lastToken();
      due = Math.min(due, sequence.due(last, time.decodeNanos(), time.prefillTokenNanos()));
    }
    return due;
  }

  double stepNanos() {
    return time.decodeNanos();
  }

  void otherStep(long nanos) {
    otherNanos += nanos;
  }

  /** Plans the next step. */
  StepPlan<SimulatedSequence> plan() {
    StepPlan<SimulatedSequence> plan = scheduler.schedule(otherNanos);
    for (Admitted<SimulatedSequence> admitted : plan.admitted()) {
      admitted.sequence().flight().entered(admitted.cached());
    }
    return plan;
  }

  /** How long {@code plan} takes, this time. */
  long nanos(StepPlan<SimulatedSequence> plan) {
    double noise = Math.exp(profile.steps().noise() * random.nextGaussian());
    double seconds = profile.steps().seconds(plan.record(id, device, 0, 0, 0)) * noise;
    return Math.max(1, (long) (seconds * 1e9));
  }

  /** The step of {@code plan} is over. */
  void stepped(StepPlan<SimulatedSequence> plan, long nanos, long nowNanos) {
    scheduler.computed(plan);
    time.observe(plan.decodes(), 0, plan.prefillTokens(), (double) nanos);
    listener.step(
        plan.record(id, device, otherNanos, nanos, nowNanos),
        plan.chunks().stream().map(chunk -> chunk.sequence().flight()).toList());
    otherNanos = 0;
    for (Chunk<SimulatedSequence> chunk : plan.chunks()) {
      if (chunk.last() && !chunk.sequence().take(nowNanos)) {
        end(chunk.sequence(), Outcome.LENGTH);
      }
    }
    spoken = look(nowNanos);
  }

  private void end(SimulatedSequence sequence, Outcome outcome) {
    scheduler.remove(sequence);
    inFlight.remove(sequence);
    listener.ended(this, sequence.flight(), outcome);
  }

  /** Is gone, with all it had; what it had is told as failed. */
  void lose(long nowNanos) {
    state = State.FAILED;
    spoken = look(nowNanos);
    for (SimulatedSequence sequence : List.copyOf(inFlight)) {
      end(sequence, Outcome.FAILED);
    }
  }

  /**
   * As {@code EngineStatus} tells it: the batch of the last step, requests as they come, and
   * prompts until they are computed.
   */
  EngineSignal signal(long nowNanos) {
    int pending = 0;
    for (SimulatedSequence sequence : inFlight) {
      pending += sequence.decoding() ? 0 : sequence.remaining();
    }
    return new EngineSignal(
        id,
        profile.pool(),
        profile.variant().name(),
        device,
        state,
        spoken.running(),
        Math.max(0, inFlight.size() - spoken.running()),
        pending,
        spoken.contextTokens(),
        profile.maxSequences(),
        spoken.kvBlocksFree(),
        profile.kvBlocks(),
        nowNanos,
        inFlight.isEmpty() ? nowNanos : spoken.takenNanos(),
        0);
  }

  private Load look(long nowNanos) {
    long context = 0;
    for (SimulatedSequence sequence : scheduler.running()) {
      context += sequence.computed();
    }
    return new Load(scheduler.running().size(), context, cache.free(), nowNanos);
  }

  /** The batch as it was after a step. */
  private record Load(int running, long contextTokens, int kvBlocksFree, long takenNanos) {}
}
