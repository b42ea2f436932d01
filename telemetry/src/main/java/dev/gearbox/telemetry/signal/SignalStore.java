package dev.gearbox.telemetry.signal;

import dev.gearbox.telemetry.record.EngineCounters;
import dev.gearbox.telemetry.record.RequestTimeline;
import dev.gearbox.telemetry.record.StepRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where engines and devices tell how they are and finished work is reported. Readers get immutable
 * snapshots, at most {@link #CACHE_NANOS} old; listeners get steps and timelines on the executor,
 * in order per kind. A source that fails keeps its last word, which grows old. Thread-safe; nothing
 * blocks.
 */
public final class SignalStore implements TelemetrySink {
  /** How long one snapshot serves everybody. */
  public static final long CACHE_NANOS = 2_000_000;

  private static final int STEPS_QUEUED = 8192;
  private static final int TIMELINES_QUEUED = 8192;

  private final LongSupplier clock;
  private final Feed<StepRecord> steps;
  private final Feed<StepRecord> paces;
  private final Feed<RequestTimeline> timelines;
  private final ConcurrentNavigableMap<String, Source<EngineSignal>> engines =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<String, Source<DeviceSignal>> devices =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<String, Source<EngineCounters>> counters =
      new ConcurrentSkipListMap<>();
  private final ReentrantLock refresh = new ReentrantLock();
  private final AtomicLong registrations = new AtomicLong();
  private volatile @Nullable Cached cached;

  /**
   * A store without sources or listeners.
   *
   * @param clock monotonic nanoseconds, the one that all records are stamped with
   * @param executor runs the listeners; one thread of its own suits
   */
  public SignalStore(LongSupplier clock, Executor executor) {
    this.clock = clock;
    this.steps = new Feed<>(STEPS_QUEUED, executor);
    this.paces = new Feed<>(STEPS_QUEUED, executor);
    this.timelines = new Feed<>(TIMELINES_QUEUED, executor);
  }

  /** Adds an engine, or replaces the source of one; {@code source} must not block. */
  public void addEngine(String engine, Supplier<EngineSignal> source) {
    engines.put(engine, new Source<>(source));
    registrations.incrementAndGet();
  }

  /** Adds an engine together with what it has done so far; neither source may block. */
  public void addEngine(
      String engine, Supplier<EngineSignal> source, Supplier<EngineCounters> engineCounters) {
    counters.put(engine, new Source<>(engineCounters));
    addEngine(engine, source);
  }

  /** What an engine has done since it opened; zeros where it does not say. */
  public EngineCounters counters(String engine) {
    Source<EngineCounters> source = counters.get(engine);
    EngineCounters read = source == null ? null : source.read();
    return read == null ? EngineCounters.NONE : read;
  }

  public void removeEngine(String engine) {
    engines.remove(engine);
    counters.remove(engine);
    registrations.incrementAndGet();
  }

  /** Adds a device, or replaces the source of one; {@code source} must not block. */
  public void addDevice(String device, Supplier<DeviceSignal> source) {
    devices.put(device, new Source<>(source));
    registrations.incrementAndGet();
  }

  public void removeDevice(String device) {
    devices.remove(device);
    registrations.incrementAndGet();
  }

  /** Calls {@code listener} for every step from here on. */
  public void onStep(Consumer<StepRecord> listener) {
    steps.listen(listener);
  }

  /**
   * Calls {@code listener} from here on for what steps of engines elsewhere seem to take: guesses
   * from when tokens came, a few for each request, which are no steps to be counted.
   */
  public void onPace(Consumer<StepRecord> listener) {
    paces.listen(listener);
  }

  /** What a step of an engine elsewhere seems to have taken. */
  public void pace(StepRecord guessed) {
    paces.publish(guessed);
  }

  /** Calls {@code listener} for every finished request from here on. */
  public void onFinished(Consumer<RequestTimeline> listener) {
    timelines.listen(listener);
  }

  @Override
  public void step(StepRecord step) {
    steps.publish(step);
  }

  @Override
  public void finished(RequestTimeline timeline) {
    timelines.publish(timeline);
  }

  /** Records that did not fit because listeners were too slow. */
  public long dropped() {
    return steps.dropped() + paces.dropped() + timelines.dropped();
  }

  /** What is known at this moment. */
  public Signals snapshot() {
    long now = clock.getAsLong();
    long version = registrations.get();
    Cached last = cached;
    if (last != null
        && last.registrations == version
        && now - last.signals.takenNanos() < CACHE_NANOS) {
      return last.signals;
    }
    // One thread refreshes; the others go on with what there is unless it misses an engine.
    if (last != null && last.registrations == version) {
      if (!refresh.tryLock()) {
        return last.signals;
      }
    } else {
      refresh.lock();
    }
    try {
      Signals fresh = new Signals(now, read(engines), read(devices));
      cached = new Cached(fresh, version);
      return fresh;
    } finally {
      refresh.unlock();
    }
  }

  private static <S> List<S> read(ConcurrentNavigableMap<String, Source<S>> sources) {
    List<S> signals = new ArrayList<>(sources.size());
    for (Source<S> source : sources.values()) {
      S signal = source.read();
      if (signal != null) {
        signals.add(signal);
      }
    }
    return signals;
  }

  private record Cached(Signals signals, long registrations) {}

  private static final class Source<S> {
    private final Supplier<S> supplier;
    private volatile @Nullable S last;

    Source(Supplier<S> supplier) {
      this.supplier = supplier;
    }

    @Nullable S read() {
      try {
        last = supplier.get();
      } catch (RuntimeException e) {
        // Its last word stays and ages: readers take old signals as unknown.
        System.getLogger(SignalStore.class.getName())
            .log(System.Logger.Level.DEBUG, "event=signal_failed", e);
      }
      return last;
    }
  }
}
