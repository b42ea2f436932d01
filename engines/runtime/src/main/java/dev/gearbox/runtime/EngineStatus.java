package dev.gearbox.runtime;

import dev.gearbox.engine.Engine;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What everyone may ask of an engine without disturbing its owner: its state, its permits and what
 * the owner published last. Thread-safe; reading takes no lock.
 */
final class EngineStatus {
  private final EngineSpec spec;
  private final String device;
  private final int permits;
  private volatile State state = State.WARMING;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger scoring = new AtomicInteger();
  private final AtomicInteger unseenPromptTokens = new AtomicInteger();
  private volatile Load load;

  /**
   * What the owner thread says after each step.
   *
   * @param running sequences in the batch
   * @param pendingPrefillTokens prompt tokens not computed
   * @param contextTokens context summed over running sequences
   * @param kvBlocksFree free blocks
   * @param counters totals
   * @param prefills prompts of the batch that are not whole
   * @param takenNanos when
   */
  record Load(
      int running,
      int pendingPrefillTokens,
      long contextTokens,
      int kvBlocksFree,
      EngineCounters counters,
      Map<String, Engine.Prefill> prefills,
      long takenNanos) {}

  EngineStatus(EngineSpec spec, String device, long nowNanos) {
    this.spec = spec;
    this.device = device;
    this.permits = spec.maxSequences() + spec.queueLimit();
    this.load = new Load(0, 0, 0, spec.kvBlocks(), EngineCounters.NONE, Map.of(), nowNanos);
  }

  State state() {
    return state;
  }

  /** Moves on to {@code next}, unless the engine is past that already. */
  synchronized void advance(State next) {
    if (next.compareTo(state) > 0) {
      state = next;
    }
  }

  /**
   * Takes a place for a request before anything costly is done for it; false when all are taken.
   * Those that score have places of their own and are no load.
   */
  boolean enter(GenerationRequest request) {
    AtomicInteger places = places(request);
    // Not counted up and down again: a place freed meanwhile would look taken to others.
    if (places.getAndUpdate(taken -> taken < permits ? taken + 1 : taken) >= permits) {
      return false;
    }
    unseenPromptTokens.addAndGet(load(request));
    return true;
  }

  /** The owner thread has the request and counts its tokens from here on. */
  void seen(GenerationRequest request) {
    unseenPromptTokens.addAndGet(-load(request));
  }

  void leave(GenerationRequest request) {
    places(request).decrementAndGet();
  }

  private AtomicInteger places(GenerationRequest request) {
    return request.scores() ? scoring : inFlight;
  }

  private static int load(GenerationRequest request) {
    return request.scores() ? 0 : request.prompt().size();
  }

  boolean isIdle() {
    return inFlight.get() == 0;
  }

  void publish(Load load) {
    this.load = load;
  }

  EngineCounters counters() {
    return load.counters();
  }

  Map<String, Engine.Prefill> prefills() {
    return load.prefills();
  }

  EngineSignal signal(long nowNanos) {
    Load seen = load;
    int all = inFlight.get();
    return new EngineSignal(
        spec.engine(),
        spec.pool(),
        spec.variant(),
        device,
        state,
        seen.running(),
        Math.max(0, all - seen.running()),
        seen.pendingPrefillTokens() + Math.max(0, unseenPromptTokens.get()),
        seen.contextTokens(),
        spec.maxSequences(),
        seen.kvBlocksFree(),
        spec.kvBlocks(),
        nowNanos,
        // An idle engine is what it was; a busy one whose owner hangs shows its age.
        all == 0 ? nowNanos : seen.takenNanos(),
        spec.maxLoras());
  }
}
