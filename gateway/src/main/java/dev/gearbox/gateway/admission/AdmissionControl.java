package dev.gearbox.gateway.admission;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Permits and the queue in front of them. Thread-safe: one lock, held for a few comparisons and
 * never while a waiting request is told its answer. Higher priority first, then first come.
 *
 * <p>A request that needs many permits is not overtaken by later ones of its priority, so it cannot
 * starve.
 */
public final class AdmissionControl {
  private static final Comparator<Ticket> ORDER =
      Comparator.comparingInt(Ticket::priority).reversed().thenComparingLong(Ticket::number);

  private final AdmissionLimits limits;
  private final LongSupplier clock;
  private final TreeSet<Ticket> queue = new TreeSet<>(ORDER);
  private final Object lock = new Object();
  private int free;
  private long tickets;
  private boolean closed;

  public AdmissionControl(AdmissionLimits limits, LongSupplier clock) {
    this.limits = limits;
    this.clock = clock;
    this.free = limits.inFlight();
  }

  /** Takes permits, or a place in the queue, or is refused: at once, whichever it is. */
  public Ticket ticket(InferenceRequest request) {
    int permits = request.sequences();
    int priority = request.terms().serviceClass().priority();
    synchronized (lock) {
      Ticket ticket = new Ticket(this, permits, priority, tickets++, wait(request));
      if (closed) {
        ticket.settle(Result.refused(stopping()));
      } else if (permits > limits.inFlight()) {
        ticket.settle(
            Result.refused(
                Refusal.invalid(
                    "n",
                    "at most %d sequences run at once, got %d"
                        .formatted(limits.inFlight(), permits))));
      } else if (permits <= free && queue.isEmpty()) {
        free -= permits;
        ticket.settle(granted(permits));
      } else if (queue.size() >= limits.queued()) {
        ticket.settle(Result.refused(full()));
      } else {
        queue.add(ticket);
      }
      return ticket;
    }
  }

  /** Permits in use. */
  public int inFlight() {
    synchronized (lock) {
      return limits.inFlight() - free;
    }
  }

  /** Requests that wait. */
  public int queued() {
    synchronized (lock) {
      return queue.size();
    }
  }

  /** Refuses who waits and who comes; who runs goes on. */
  public void close() {
    List<Ticket> waiting;
    synchronized (lock) {
      closed = true;
      waiting = new ArrayList<>(queue);
      queue.clear();
    }
    waiting.forEach(ticket -> ticket.settle(Result.refused(stopping())));
  }

  void leave(Ticket ticket) {
    synchronized (lock) {
      queue.remove(ticket);
    }
    serve();
  }

  void release(int permits) {
    synchronized (lock) {
      free += permits;
    }
    serve();
  }

  private void serve() {
    List<Ticket> served = new ArrayList<>();
    synchronized (lock) {
      while (!queue.isEmpty() && queue.first().permits() <= free) {
        Ticket next = queue.removeFirst();
        free -= next.permits();
        served.add(next);
      }
    }
    for (Ticket ticket : served) {
      if (!ticket.settle(granted(ticket.permits()))) {
        // It left between the lock and here: its permits go to the next.
        release(ticket.permits());
      }
    }
  }

  /** The answer to a ticket whose wait is over. */
  Result<Admission> late(Duration waited) {
    return Result.refused(
        Refusal.later(
            ErrorCode.OVERLOADED,
            "no place became free within " + waited.toMillis() + " ms",
            Duration.ofSeconds(1)));
  }

  private Duration wait(InferenceRequest request) {
    Duration deadline = request.terms().targets().deadline();
    return deadline == null || deadline.compareTo(limits.maxWait()) > 0
        ? limits.maxWait()
        : deadline;
  }

  private Result<Admission> granted(int permits) {
    return Result.ok(new Admission(permits, clock.getAsLong()));
  }

  private Refusal full() {
    return Refusal.later(
        ErrorCode.OVERLOADED, limits.queued() + " requests wait already", Duration.ofSeconds(1));
  }

  private static Refusal stopping() {
    return Refusal.later(
        ErrorCode.OVERLOADED, "the server is shutting down", Duration.ofSeconds(5));
  }
}
