package dev.gearbox.gateway.console;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * One snapshot after the other for everybody who looks: made while somebody does, once for all who
 * may see the same, on a thread of its own. A reader that is not ready for one of {@link #BEHIND}
 * in a row is dropped; what it missed is not kept. Thread-safe.
 */
final class Broadcast implements AutoCloseable {
  /** Ten seconds at two snapshots a second. */
  static final int BEHIND = 20;

  /** Readers at once: of all tenants together, and beside them of the operator. */
  static final int READERS = 64;

  /** Of one tenant, which leaves places for others. */
  static final int OF_A_TENANT = 16;

  private final Duration every;
  private final Function<Audience, byte[]> make;
  private final Scheduler thread = Schedulers.newSingle("gearbox-console", true);
  private final Map<Audience, Flux<byte[]>> streams = new ConcurrentHashMap<>();
  private final Map<Audience, Integer> readers = new HashMap<>();

  Broadcast(Duration every, Function<Audience, byte[]> make) {
    this.every = every;
    this.make = make;
  }

  /** Snapshots for one reader, the first at once; an error where too many look already. */
  Flux<byte[]> to(Audience audience) {
    return Flux.defer(() -> {
      if (!enter(audience)) {
        return Flux.error(new IllegalStateException("too many readers look already"));
      }
      AtomicInteger missed = new AtomicInteger();
      Sinks.Empty<Void> dropped = Sinks.empty();
      return streams
          .computeIfAbsent(audience, this::ticks)
          .onBackpressureDrop(snapshot -> {
            if (missed.incrementAndGet() >= BEHIND) {
              dropped.tryEmitError(new IllegalStateException("a reader takes nothing"));
            }
          })
          .doOnNext(snapshot -> missed.set(0))
          .takeUntilOther(dropped.asMono())
          .doFinally(end -> leave(audience));
    });
  }

  private synchronized boolean enter(Audience audience) {
    boolean operator = audience.tenant() == null;
    int mine = readers.getOrDefault(audience, 0);
    int all = 0;
    for (Map.Entry<Audience, Integer> each : readers.entrySet()) {
      all += operator == (each.getKey().tenant() == null) ? each.getValue() : 0;
    }
    boolean room = all < READERS && (operator || mine < OF_A_TENANT);
    if (room) {
      readers.put(audience, mine + 1);
    }
    return room;
  }

  private synchronized void leave(Audience audience) {
    readers.computeIfPresent(audience, (who, many) -> many == 1 ? null : many - 1);
  }

  private Flux<byte[]> ticks(Audience audience) {
    return Flux.interval(Duration.ZERO, every, thread)
        .onBackpressureDrop()
        .map(tick -> make.apply(audience))
        .doFinally(end -> streams.remove(audience))
        .replay(1)
        .refCount();
  }

  @Override
  public void close() {
    thread.dispose();
  }
}
