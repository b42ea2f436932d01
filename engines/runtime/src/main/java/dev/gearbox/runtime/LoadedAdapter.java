package dev.gearbox.runtime;

import dev.gearbox.engine.Adapter;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An adapter while an engine serves it, and how many requests carry it. Thread-safe, {@link #count}
 * and {@link #publish} apart, which are the owner thread's.
 */
final class LoadedAdapter implements Adapter {
  private final String key;
  private final ModelAdapter weights;
  private final DeviceEngine host;
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile State state = State.READY;
  private volatile int running;
  private int counted;

  LoadedAdapter(String key, ModelAdapter weights, DeviceEngine host) {
    this.key = key;
    this.weights = weights;
    this.host = host;
  }

  /** The adapter of a request; null without one. */
  static @Nullable LoadedAdapter of(GenerationRequest request) {
    return (LoadedAdapter) request.adapter();
  }

  @Override
  public String key() {
    return key;
  }

  /** The engine that serves it. */
  DeviceEngine host() {
    return host;
  }

  ModelAdapter weights() {
    return weights;
  }

  State state() {
    return state;
  }

  synchronized void advance(State next) {
    if (next.compareTo(state) > 0) {
      state = next;
    }
  }

  /** Takes a request in; false when it takes no more. */
  synchronized boolean enter() {
    if (state != State.READY) {
      return false;
    }
    inFlight.incrementAndGet();
    return true;
  }

  void leave() {
    inFlight.decrementAndGet();
  }

  /** Whether it is unloaded and nobody carries it any more. */
  synchronized boolean isOver() {
    return state != State.READY && inFlight.get() == 0;
  }

  /** Begins to count sequences in the batch. */
  void recount() {
    counted = 0;
  }

  void count() {
    counted++;
  }

  void publish() {
    running = counted;
  }

  /** Sequences in the batch. */
  int running() {
    return Math.min(running, inFlight.get());
  }

  /** Sequences that wait. */
  int waiting() {
    return Math.max(0, inFlight.get() - running);
  }
}
