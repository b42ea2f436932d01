package dev.gearbox.engine;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The events of one request on their way to its one subscriber, as {@link Engine#submit} promises
 * them: a demand, and a counter that lets one thread at a time deliver (the queue-drain loop of
 * Reactive Streams libraries). Whoever has made an event calls {@link #deliver}; what is not wanted
 * yet is delivered by the thread that asks for more.
 */
public abstract class EventStream implements Flow.Publisher<TokenEvent>, Flow.Subscription {
  private static final System.Logger LOG = System.getLogger(EventStream.class.getName());

  private final GenerationRequest request;
  private final AtomicReference<Flow.@Nullable Subscriber<? super TokenEvent>> subscriber =
      new AtomicReference<>();
  private final AtomicLong demand = new AtomicLong();
  private final AtomicInteger deliveries = new AtomicInteger();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private volatile boolean misused;
  private boolean ended;

  protected EventStream(GenerationRequest request) {
    this.request = request;
  }

  public final GenerationRequest request() {
    return request;
  }

  public final boolean isCancelled() {
    return cancelled.get();
  }

  /** The subscriber has come. */
  protected abstract void started();

  /** The subscriber has gone; may come late. */
  protected abstract void left();

  /**
   * Takes the next event; null when there is none yet. Called by one thread at a time, and only
   * when the event is wanted.
   */
  protected abstract @Nullable TokenEvent next();

  /** Nothing is wanted for the time being; on the thread that delivers. */
  protected void rested() {}

  /** Nothing will be delivered any more; on the thread that delivers, maybe more than once. */
  protected void done() {}

  @Override
  public final void subscribe(Flow.Subscriber<? super TokenEvent> candidate) {
    if (!subscriber.compareAndSet(null, candidate)) {
      candidate.onSubscribe(Rejected.SUBSCRIPTION);
      candidate.onError(new IllegalStateException("a generation takes one subscriber"));
      return;
    }
    candidate.onSubscribe(this);
    if (!cancelled.get()) {
      started();
    }
  }

  @Override
  public final void request(long count) {
    if (count <= 0) {
      misused = true;
    } else {
      demand.accumulateAndGet(count, (old, more) -> old + more < 0 ? Long.MAX_VALUE : old + more);
    }
    deliver();
  }

  @Override
  public final void cancel() {
    if (cancelled.compareAndSet(false, true)) {
      left();
    }
  }

  /** Delivers what there is and is wanted, unless another thread does already. */
  protected final void deliver() {
    Flow.Subscriber<? super TokenEvent> to = subscriber.get();
    if (to == null || deliveries.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    while (missed != 0) {
      deliverWanted(to);
      missed = deliveries.addAndGet(-missed);
    }
  }

  private void deliverWanted(Flow.Subscriber<? super TokenEvent> to) {
    try {
      if (misused && !ended && !cancelled.get()) {
        ended = true;
        cancel();
        to.onError(new IllegalArgumentException("request(n) needs n of 1 or more"));
      }
      while (!ended && !cancelled.get() && deliverOne(to)) {}
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "event=subscriber_failed request=" + request.id(), e);
      ended = true;
      cancel();
    }
    if (ended || cancelled.get()) {
      done();
    }
  }

  private boolean deliverOne(Flow.Subscriber<? super TokenEvent> to) {
    if (demand.get() == 0) {
      rested();
      return false;
    }
    TokenEvent event = next();
    if (event == null) {
      return false;
    }
    if (demand.get() != Long.MAX_VALUE) {
      demand.decrementAndGet();
    }
    to.onNext(event);
    if (!(event instanceof TokenEvent.Token)) {
      ended = true;
      to.onComplete();
    }
    return true;
  }

  private enum Rejected implements Flow.Subscription {
    SUBSCRIPTION;

    @Override
    public void request(long count) {}

    @Override
    public void cancel() {}
  }
}
