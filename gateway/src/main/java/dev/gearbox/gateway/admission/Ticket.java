package dev.gearbox.gateway.admission;

import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One request's place at the door: waiting, in with its permits, refused, or gone. Closing it gives
 * back whatever it holds, in every state and however often.
 */
public final class Ticket implements AutoCloseable {
  private enum State {
    WAITING,
    IN,
    OUT
  }

  private final AdmissionControl control;
  private final int permits;
  private final int priority;
  private final long number;
  private final Duration wait;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
  private final Sinks.One<Result<Admission>> answer = Sinks.one();

  Ticket(AdmissionControl control, int permits, int priority, long number, Duration wait) {
    this.control = control;
    this.permits = permits;
    this.priority = priority;
    this.number = number;
    this.wait = wait;
  }

  int permits() {
    return permits;
  }

  int priority() {
    return priority;
  }

  long number() {
    return number;
  }

  /** The permits or a refusal, at the latest when the wait is over. */
  public Mono<Result<Admission>> granted() {
    return state.get() == State.WAITING
        ? answer.asMono().timeout(wait, Mono.fromSupplier(this::giveUp))
        : answer.asMono();
  }

  /** Whether the answer was taken: false when the ticket was closed before. */
  boolean settle(Result<Admission> result) {
    State next = result instanceof Result.Ok ? State.IN : State.OUT;
    boolean taken = state.compareAndSet(State.WAITING, next);
    if (taken) {
      answer.tryEmitValue(result);
    }
    return taken;
  }

  private Result<Admission> giveUp() {
    close();
    return control.late(wait);
  }

  @Override
  public void close() {
    switch (state.getAndSet(State.OUT)) {
      case WAITING -> control.leave(this);
      case IN -> control.release(permits);
      case OUT -> {}
    }
  }
}
