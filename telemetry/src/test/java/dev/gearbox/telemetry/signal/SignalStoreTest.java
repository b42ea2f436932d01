package dev.gearbox.telemetry.signal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.telemetry.record.StepRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SignalStoreTest {
  private final AtomicLong clock = new AtomicLong();
  private final SignalStore store = new SignalStore(clock::get, Runnable::run);

  @Test
  void aSnapshotServesEverybodyForAMomentAndIsOrdered() {
    AtomicInteger asked = new AtomicInteger();
    store.addEngine("p/b", () -> signal("p/b", asked.incrementAndGet()));
    store.addEngine("p/a", () -> signal("p/a", 0));

    Signals first = store.snapshot();

    assertThat(first.engines()).extracting(EngineSignal::engine).containsExactly("p/a", "p/b");
    assertThat(store.snapshot()).isSameAs(first);
    clock.addAndGet(SignalStore.CACHE_NANOS);
    assertThat(store.snapshot().engines().get(1).running()).isEqualTo(2);
    assertThat(asked).hasValue(2);
  }

  @Test
  void enginesAndDevicesThatComeOrGoShowAtOnce() {
    store.snapshot();
    store.addEngine("p/a", () -> signal("p/a", 0));
    store.addDevice("d", () -> new DeviceSignal("d", 0.5, clock.get()));
    assertThat(store.snapshot().engines()).hasSize(1);
    assertThat(store.snapshot().devices()).hasSize(1);

    store.removeEngine("p/a");
    store.removeDevice("d");
    assertThat(store.snapshot().engines()).isEmpty();
    assertThat(store.snapshot().devices()).isEmpty();
  }

  @Test
  void anEngineThatFailsToSpeakKeepsItsLastWord() {
    AtomicInteger asked = new AtomicInteger();
    store.addEngine(
        "p/a",
        () -> {
          if (asked.incrementAndGet() > 1) {
            throw new IllegalStateException("gone");
          }
          return signal("p/a", 7);
        });
    store.snapshot();
    clock.addAndGet(1_000_000_000);

    EngineSignal last = store.snapshot().engines().get(0);

    assertThat(last.running()).isEqualTo(7);
    assertThat(last.takenNanos()).isZero();
  }

  @Test
  void listenersHearEverythingInOrderAndOneThatFailsHarmsNoOther() {
    List<Long> heard = new ArrayList<>();
    store.onStep(step -> {
      throw new IllegalStateException("broken listener");
    });
    store.onStep(step -> heard.add(step.nanos()));

    store.step(step(1));
    store.step(step(2));

    assertThat(heard).containsExactly(1L, 2L);
  }

  @Test
  void whatDoesNotFitIsDroppedAndCounted() {
    Queue<Runnable> later = new ArrayDeque<>();
    SignalStore slow = new SignalStore(clock::get, later::add);
    AtomicInteger heard = new AtomicInteger();
    slow.onStep(step -> heard.incrementAndGet());
    for (int i = 0; i < 10_000; i++) {
      slow.step(step(i));
    }
    while (!later.isEmpty()) {
      later.remove().run();
    }

    assertThat(heard.get() + slow.dropped()).isEqualTo(10_000);
    assertThat(slow.dropped()).isPositive();
    slow.step(step(1));
    assertThat(later).as("it goes on afterwards").hasSize(1);
  }

  @Test
  void anExecutorThatIsClosedDoesNotHurtTheEngine() {
    SignalStore closed =
        new SignalStore(
            clock::get,
            task -> {
              throw new RejectedExecutionException("closed");
            });
    closed.onStep(step -> {});

    closed.step(step(1));

    assertThat(closed.snapshot().engines()).isEmpty();
  }

  private EngineSignal signal(String engine, int running) {
    return new EngineSignal(
        engine, "p", "v", "d", EngineSignal.State.READY, running, 0, 0, 0, 8, 10, 10, clock.get());
  }

  private static StepRecord step(long nanos) {
    return new StepRecord("p/a", "d", 1, 10, 0, 0, 0, nanos, 0);
  }
}
