package dev.gearbox.gateway.admission;

import dev.gearbox.gateway.api.RateStatus;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
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

  /**
   * What decides its turn.
   *
   * @param tenant whose request it is
   * @param weight of the tenant
   * @param priority of its class
   * @param number of tickets before it
   * @param due when it should have begun, monotonic nanoseconds
   */
  record Claim(String tenant, double weight, int priority, long number, long due) {}

  private final AdmissionControl control;
  private final Claim claim;
  private final int permits;
  private final Duration patience;
  private final Reservation reservation;
  private final @Nullable RateStatus rates;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
  private final Sinks.One<Result<Admission>> answer = Sinks.one();
  private volatile long granted;
  private volatile Reservation.Used used = Reservation.Used.NOTHING;

  Ticket(
      AdmissionControl control,
      Claim claim,
      int permits,
      Duration patience,
      Reservation reservation,
      @Nullable RateStatus rates) {
    this.control = control;
    this.claim = claim;
    this.permits = permits;
    this.patience = patience;
    this.reservation = reservation;
    this.rates = rates;
  }

  int permits() {
    return permits;
  }

  String tenant() {
    return claim.tenant;
  }

  double weight() {
    return claim.weight;
  }

  int priority() {
    return claim.priority;
  }

  long number() {
    return claim.number;
  }

  long due() {
    return claim.due;
  }

  /** How long it waits at most. */
  Duration patience() {
    return patience;
  }

  boolean isWaiting() {
    return state.get() == State.WAITING;
  }

  /** When it got its permits. */
  long grantedNanos() {
    return granted;
  }

  /** What its tenant has left after it; null where nothing is limited by the minute. */
  public @Nullable RateStatus rates() {
    return rates;
  }

  /** The permits or a refusal, at the latest when the wait is over. */
  public Mono<Result<Admission>> granted() {
    return state.get() == State.WAITING
        ? answer.asMono().timeout(patience, Mono.fromSupplier(this::giveUp))
        : answer.asMono();
  }

  /**
   * Says what an engine did for it: counts against its tenant's tokens when it is closed.
   *
   * @param prompt tokens of its prompts, 0 when nobody counted them
   * @param generated tokens of all its answers
   */
  public void used(int prompt, int generated) {
    used = new Reservation.Used(true, prompt, generated, permits);
  }

  /** Whether an engine took it, as {@link #used} said. */
  boolean ran() {
    return used.ran();
  }

  /** Whether the permits were taken: false when the ticket was closed before. */
  boolean grant(long now) {
    granted = now;
    boolean taken = state.compareAndSet(State.WAITING, State.IN);
    if (taken) {
      answer.tryEmitValue(Result.ok(new Admission(permits, now)));
    }
    return taken;
  }

  void refuse(Result<Admission> refusal) {
    if (state.compareAndSet(State.WAITING, State.OUT)) {
      answer.tryEmitValue(refusal);
    }
  }

  private Result<Admission> giveUp() {
    close();
    return control.late(this);
  }

  @Override
  public void close() {
    switch (state.getAndSet(State.OUT)) {
      case WAITING -> control.leave(this);
      case IN -> control.release(this);
      case OUT -> {}
    }
    reservation.settle(used);
  }
}
