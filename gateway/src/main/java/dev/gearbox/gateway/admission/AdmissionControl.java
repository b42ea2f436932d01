package dev.gearbox.gateway.admission;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.policy.fact.Targets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Permits, the line in front of them, and what each tenant may use. Thread-safe: one lock, held for
 * a few comparisons and never while a waiting request is told its answer.
 *
 * <p>A full line sheds the lowest priority first, and in it the tenant that fills it. A request
 * whose deadline the line ahead of it and what comes after will not let it meet is refused at once;
 * one that has waited until its deadline goes. INVARIANT: permits in use and {@code free} add up to
 * the limit; a permit is taken and given back under the lock.
 */
public final class AdmissionControl {
  private static final double GAIN = 0.1;
  private static final double SMALLEST_SHARE = 0.02;
  private static final long SHORTEST_RETRY = 1;
  private static final long LONGEST_RETRY = 60;

  private final AdmissionLimits limits;
  private final LongSupplier clock;
  private final Map<String, Quota> quotas = new HashMap<>();
  private final Quota unlimited;
  private final WaitingLine line = new WaitingLine();
  private final Object lock = new Object();
  private int free;
  private long tickets;
  private boolean closed;

  /** Running mean of the seconds that a permit is held; 0 while nobody has given one back. */
  private double held;

  /**
   * By priority, running mean of the seconds that a request had its permits which an engine took.
   */
  private final Map<Integer, Double> stays = new HashMap<>();

  public AdmissionControl(
      AdmissionLimits limits, Map<String, TenantLimits> tenants, LongSupplier clock) {
    this(limits, tenants, clock, null);
  }

  /**
   * For one gateway of several.
   *
   * @param shared what tenants have used over all of them; null for this one alone
   */
  public AdmissionControl(
      AdmissionLimits limits,
      Map<String, TenantLimits> tenants,
      LongSupplier clock,
      @Nullable SharedLimits shared) {
    this.limits = limits;
    this.clock = clock;
    this.free = limits.inFlight();
    this.unlimited = new Quota("", TenantLimits.NONE, clock, null);
    tenants.forEach((tenant, their) -> {
      boolean counted = their.requestsPerMinute() != null || their.tokensPerMinute() != null;
      SharedLimits.Account account =
          shared == null || !counted ? null : shared.account(tenant, their);
      quotas.put(tenant, new Quota(tenant, their, clock, account));
    });
  }

  /**
   * Takes permits, or a place in the line, or is refused: at once, whichever it is, unless a store
   * that gateways share has to be asked first.
   */
  public Ticket ticket(InferenceRequest request) {
    Quota quota = quotas.getOrDefault(request.caller().tenant(), unlimited);
    Result<Reservation> reserved =
        quota.isShared() ? quota.expect(request) : quota.reserve(request);
    return reserved.fold(
        reservation ->
            quota.isShared()
                ? ask(request, quota, reservation)
                : enter(ticket(request, quota, reservation), request),
        refusal -> {
          Ticket none = ticket(request, quota, Reservation.none());
          none.refuse(Result.refused(refusal));
          return none;
        });
  }

  private Ticket ask(InferenceRequest request, Quota quota, Reservation reservation) {
    Ticket ticket = ticket(request, quota, reservation);
    var _ =
        quota
            .ask(reservation)
            .thenAccept(refusal -> {
              if (refusal != null) {
                ticket.refuse(Result.refused(refusal));
              } else if (ticket.isWaiting()) {
                var _ = enter(ticket, request);
              }
            });
    return ticket;
  }

  private Ticket ticket(InferenceRequest request, Quota quota, Reservation reservation) {
    long now = clock.getAsLong();
    Targets targets = request.terms().targets();
    Duration patience = limits.maxWait();
    if (targets.deadline() != null) {
      Duration left = targets.deadline().minusNanos(now - request.arrivedNanos());
      patience = min(patience, left.isNegative() ? Duration.ZERO : left);
    }
    Duration due = targets.ttft() == null ? patience : min(patience, targets.ttft());
    long number;
    synchronized (lock) {
      number = tickets++;
    }
    var claim =
        new Ticket.Claim(
            request.caller().tenant(),
            quota.weight(),
            request.terms().serviceClass().priority(),
            number,
            now + due.toNanos());
    return new Ticket(this, claim, request.sequences(), patience, reservation, quota.status());
  }

  private Ticket enter(Ticket ticket, InferenceRequest request) {
    Ticket shed = null;
    Refusal refusal = null;
    synchronized (lock) {
      if (closed) {
        refusal = stopping();
      } else if (ticket.permits() > limits.inFlight()) {
        refusal =
            Refusal.invalid(
                "n",
                "at most %d sequences run at once, got %d"
                    .formatted(limits.inFlight(), ticket.permits()));
      } else if (ticket.permits() <= free && line.size() == 0) {
        // It may have left while a store was asked.
        if (ticket.grant(clock.getAsLong())) {
          free -= ticket.permits();
        }
      } else if (hopeless(ticket, request)) {
        refusal = unattainable();
      } else {
        shed = line.size() < limits.queued() ? null : line.yielding(ticket);
        if (shed != null) {
          line.remove(shed);
        }
        if (line.size() < limits.queued()) {
          line.add(ticket);
        } else {
          refusal = full();
        }
      }
    }
    if (refusal != null) {
      ticket.refuse(Result.refused(refusal));
    }
    if (shed != null) {
      shed.refuse(Result.refused(full()));
    }
    return ticket;
  }

  /** Permits in use. */
  public int inFlight() {
    synchronized (lock) {
      return limits.inFlight() - free;
    }
  }

  /** Permits that nobody has. */
  public int free() {
    synchronized (lock) {
      return free;
    }
  }

  /** Requests that wait. */
  public int queued() {
    synchronized (lock) {
      return line.size();
    }
  }

  /** Seconds until all that wait have permits, as they came back so far; 0 while nobody waits. */
  public double expectedWait() {
    synchronized (lock) {
      return secondsFor(line.size());
    }
  }

  /** Refuses who waits and who comes; who runs goes on. */
  public void close() {
    List<Ticket> waiting = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      for (Ticket next = line.first(); next != null; next = line.first()) {
        line.remove(next);
        waiting.add(next);
      }
    }
    waiting.forEach(ticket -> ticket.refuse(Result.refused(stopping())));
  }

  void leave(Ticket ticket) {
    synchronized (lock) {
      line.remove(ticket);
    }
    serve();
  }

  void release(Ticket ticket) {
    synchronized (lock) {
      double seconds = (clock.getAsLong() - ticket.grantedNanos()) / 1e9;
      held = held == 0 ? seconds : mean(held, seconds);
      if (ticket.ran()) {
        stays.merge(ticket.priority(), seconds, AdmissionControl::mean);
      }
      free += ticket.permits();
    }
    serve();
  }

  private void serve() {
    List<Ticket> served = new ArrayList<>();
    synchronized (lock) {
      for (Ticket next = fitting(); next != null; next = fitting()) {
        line.take(next);
        free -= next.permits();
        served.add(next);
      }
    }
    for (Ticket ticket : served) {
      if (!ticket.grant(clock.getAsLong())) {
        // It left between the lock and here: its permits go to the next.
        giveBack(ticket.permits());
      }
    }
  }

  private static double mean(double before, double last) {
    return before + GAIN * (last - before);
  }

  private void giveBack(int permits) {
    synchronized (lock) {
      free += permits;
    }
    serve();
  }

  /**
   * Whose turn it is, if it fits. A wide one is not passed by others, so that it does not starve.
   */
  private @Nullable Ticket fitting() {
    Ticket next = line.first();
    return next != null && next.permits() <= free ? next : null;
  }

  /** The answer to a ticket whose wait is over. */
  Result<Admission> late(Ticket ticket) {
    String message = "no place became free within " + ticket.patience().toMillis() + " ms";
    if (ticket.patience().compareTo(limits.maxWait()) < 0) {
      return Result.refused(Refusal.of(ErrorCode.DEADLINE_EXCEEDED, message));
    }
    synchronized (lock) {
      return Result.refused(Refusal.later(ErrorCode.OVERLOADED, message, drain()));
    }
  }

  private boolean hopeless(Ticket ticket, InferenceRequest request) {
    if (request.terms().targets().deadline() == null) {
      return false;
    }
    // Of the permits to come, those of higher priority take as many as lately, whoever waits now.
    double left = Math.max(SMALLEST_SHARE, 1 - line.overtaking(ticket));
    double ahead = line.ahead(ticket);
    double wait = secondsFor((ahead + ticket.permits()) / left);
    // With its permits it is not done. Whoever is next finds out whether that is still so slow.
    double stay = ahead == 0 ? 0 : stays.getOrDefault(ticket.priority(), 0.0);
    return wait + stay > ticket.patience().toNanos() / 1e9;
  }

  /** Seconds until that many permits have been given back, all of them being in use. */
  private double secondsFor(double permits) {
    return held * permits / limits.inFlight();
  }

  /** When it is worth asking again: when half of what waits is gone. */
  private Duration drain() {
    long seconds = Math.round(Math.ceil(secondsFor(line.size()) / 2));
    return Duration.ofSeconds(Math.clamp(seconds, SHORTEST_RETRY, LONGEST_RETRY));
  }

  private Refusal unattainable() {
    return Refusal.later(
        ErrorCode.SLO_UNATTAINABLE,
        "the deadline cannot be met: %d requests wait already".formatted(line.size()),
        drain());
  }

  private Refusal full() {
    synchronized (lock) {
      return Refusal.later(
          ErrorCode.OVERLOADED, limits.queued() + " requests wait already", drain());
    }
  }

  private static Refusal stopping() {
    return Refusal.later(
        ErrorCode.OVERLOADED, "the server is shutting down", Duration.ofSeconds(5));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}
