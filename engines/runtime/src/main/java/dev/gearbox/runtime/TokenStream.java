package dev.gearbox.runtime;

import dev.gearbox.engine.EventStream;
import dev.gearbox.engine.GenerationRequest;
import dev.gearbox.engine.TokenEvent;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The events of one request between the owner thread and its subscriber, in a small queue. The
 * owner thread delivers while there is demand; what is left over is delivered by the thread that
 * asks for more. Subscribers are expected to be quick: they run on the thread that computes.
 */
final class TokenStream extends EventStream {
  /** Events that may wait for demand before the sequence is paused. */
  static final int MAX_WAITING_EVENTS = 16;

  private final Source source;
  private final boolean discards;
  private final Queue<TokenEvent> events = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean paused;

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
    super(request);
    this.source = source;
    this.discards = discards;
  }

  /** A stream whose events nobody wants. */
  static TokenStream discarding(GenerationRequest request, Source source) {
    return new TokenStream(request, source, true);
  }

  /** Whether the subscriber is so far behind that its sequence should rest; owner thread only. */
  boolean shouldPause() {
    // INVARIANT: the flag is raised before the count is read, and the reader of the stream lowers
    // the count before it looks at the flag, so one of the two sees the other.
    paused = true;
    if (waiting.get() < MAX_WAITING_EVENTS) {
      paused = false;
    }
    return paused;
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
  protected void started() {
    source.start(this);
  }

  @Override
  protected void left() {
    source.cancel(this);
  }

  @Override
  protected @Nullable TokenEvent next() {
    TokenEvent event = events.poll();
    if (event != null) {
      waiting.decrementAndGet();
      if (paused) {
        source.resume();
      }
    }
    return event;
  }

  @Override
  protected void done() {
    events.clear();
  }
}
