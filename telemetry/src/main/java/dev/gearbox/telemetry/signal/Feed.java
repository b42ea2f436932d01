package dev.gearbox.telemetry.signal;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * A bounded queue in front of listeners. Publishing never blocks and never runs a listener on the
 * publisher's thread (unless the executor does); what does not fit is dropped and counted.
 */
public final class Feed<T> {
  private static final System.Logger LOG = System.getLogger(Feed.class.getName());

  private final ArrayBlockingQueue<T> queue;
  private final Executor executor;
  private final List<Consumer<? super T>> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean draining = new AtomicBoolean();
  private final LongAdder dropped = new LongAdder();

  /** A feed of so many items at most, delivered by {@code executor}, one after the other. */
  public Feed(int capacity, Executor executor) {
    this.queue = new ArrayBlockingQueue<>(capacity);
    this.executor = executor;
  }

  /**
   * An executor that begins a while after it is asked to, for feeds whose items come thick: waking
   * its thread for each would cost as much as delivering it.
   */
  public static Executor gathering(ScheduledExecutorService executor, Duration time) {
    return drain -> {
      var _ = executor.schedule(drain, time.toNanos(), TimeUnit.NANOSECONDS);
    };
  }

  public void listen(Consumer<? super T> listener) {
    listeners.add(listener);
  }

  public long dropped() {
    return dropped.sum();
  }

  /** Delivers {@code item} in its turn, or drops it when the queue is full. */
  public void publish(T item) {
    if (!queue.offer(item)) {
      dropped.increment();
    }
    schedule();
  }

  private void schedule() {
    if (!draining.compareAndSet(false, true)) {
      return;
    }
    try {
      executor.execute(this::drain);
    } catch (RejectedExecutionException stopped) {
      draining.set(false);
    }
  }

  /** Delivers what waits; on the executor's thread. */
  public void drain() {
    try {
      for (T item = queue.poll(); item != null; item = queue.poll()) {
        deliver(item);
      }
    } finally {
      draining.set(false);
    }
    // An item that came between the last poll and the release has no drain of its own.
    if (!queue.isEmpty()) {
      schedule();
    }
  }

  private void deliver(T item) {
    for (Consumer<? super T> listener : listeners) {
      try {
        listener.accept(item);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "event=listener_failed listener=" + listener, e);
      }
    }
  }
}
