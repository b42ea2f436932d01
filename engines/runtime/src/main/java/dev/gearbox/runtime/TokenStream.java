package dev.gearbox.runtime;

import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The events of one request between the owner thread and its subscriber: a small queue, a demand,
 * and a counter that lets one thread at a time deliver (the queue-drain loop of Reactive Streams
 * libraries). The owner thread delivers while there is demand; what is left over is delivered by
 * the thread that asks for more. Subscribers are expected to be quick: they run on the thread that
 * computes.
 */
final class TokenStream implements Flow.Publisher<TokenEvent>, Flow.Subscription {
  /** Events that may wait for demand before the sequence is paused. */
  static final int MAX_WAITING_EVENTS = 16;

  private static final System.Logger LOG = System.getLogger(TokenStream.class.getName());

  private final GenerationRequest request;
  private final Source source;
  private final boolean discards;
  private final AtomicReference<Flow.@Nullable Subscriber<? super TokenEvent>> subscriber =
      new AtomicReference<>();
  private final Queue<TokenEvent> events = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong demand = new AtomicLong();
  private final AtomicInteger deliveries = new AtomicInteger();
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private volatile boolean paused;
  private volatile boolean misused;
  private boolean ended;

  /** Who makes the events. */
  interface Source {
    /** The subscriber has come. */
    void start(TokenStream stream);

    /** The subscriber has gone; may come late. */
    void cancel(TokenStream stream);

    /** A paused stream has room again. */
    void resume();
  }

  TokenStream(GenerationRequest request, Source source) {
    this(request, source, false);
  }

  private TokenStream(GenerationRequest request, Source source, boolean discards) {
    this.request = request;
    this.source = source;
    this.discards = discards;
  }

  /** A stream whose events nobody wants. */
  static TokenStream discarding(GenerationRequest request, Source source) {
    return new TokenStream(request, source, true);
  }

  GenerationRequest request() {
    return request;
  }

  boolean isCancelled() {
    return cancelled.get();
  }

  /** Whether the subscriber is so far behind that its sequence should rest; owner thread only. */
  boolean shouldPause() {
    // INVARIANT: the flag is raised before the count is read and the reader of the stream lowers
    // the
    // count before it looks at the flag, so one of the two sees the other.
    paused = true;
    if (waiting.get() < MAX_WAITING_EVENTS) {
      paused = false;
    }
    return paused;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super TokenEvent> candidate) {
    if (!subscriber.compareAndSet(null, candidate)) {
      candidate.onSubscribe(Rejected.SUBSCRIPTION);
      candidate.onError(new IllegalStateException("a generation takes one subscriber"));
      return;
    }
    candidate.onSubscribe(this);
    if (!cancelled.get()) {
      source.start(this);
    }
  }

  /** Queues an event and delivers what is wanted; the terminal one is the last. */
  void emit(TokenEvent event) {
    if (discards) {
      return;
    }
    events.add(event);
    waiting.incrementAndGet();
    deliver();
  }

  @Override
  public void request(long count) {
    if (count <= 0) {
      misused = true;
    } else {
      demand.accumulateAndGet(count, (old, more) -> old + more < 0 ? Long.MAX_VALUE : old + more);
    }
    deliver();
  }

  @Override
  public void cancel() {
    if (cancelled.compareAndSet(false, true)) {
      source.cancel(this);
    }
  }

  private void deliver() {
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
      while (!ended && !cancelled.get() && demand.get() > 0) {
        TokenEvent event = events.poll();
        if (event == null) {
          return;
        }
        took();
        to.onNext(event);
        if (!(event instanceof TokenEvent.Token)) {
          ended = true;
          to.onComplete();
        }
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "event=subscriber_failed request=" + request.id(), e);
      ended = true;
      cancel();
    }
    if (ended || cancelled.get()) {
      events.clear();
    }
  }

  private void took() {
    waiting.decrementAndGet();
    if (demand.get() != Long.MAX_VALUE) {
      demand.decrementAndGet();
    }
    if (paused) {
      source.resume();
    }
  }

  private enum Rejected implements Flow.Subscription {
    SUBSCRIPTION;

    @Override
    public void request(long count) {}

    @Override
    public void cancel() {}
  }
}
