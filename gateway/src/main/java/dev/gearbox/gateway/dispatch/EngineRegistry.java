package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import dev.gearbox.telemetry.signal.SignalStore;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * The engines that are configured and where each is in its life. Readers get immutable slots;
 * loaders tell what they did. Whoever decides hears of an engine before any request can, or one
 * that came or waited at that moment would be refused. Thread-safe.
 */
public final class EngineRegistry implements AutoCloseable {
  private final ModelCatalog catalog;
  private final SignalStore signals;
  private final LongSupplier clock;
  private final Consumer<List<EngineSlot>> ready;
  private final Map<String, EngineSlot> slots = new LinkedHashMap<>();
  private final Object lock = new Object();
  private final List<EngineListener> listeners = new CopyOnWriteArrayList<>();
  private final Sinks.Many<List<EngineSlot>> changes =
      Sinks.many().replay().latestOrDefault(List.of());
  private volatile List<EngineSlot> snapshot = List.of();

  /**
   * A registry without engines.
   *
   * @param ready told all slots when an engine has become ready, before anybody else; must not
   *     block
   */
  public EngineRegistry(
      ModelCatalog catalog,
      SignalStore signals,
      LongSupplier clock,
      Consumer<List<EngineSlot>> ready) {
    this.catalog = catalog;
    this.signals = signals;
    this.clock = clock;
    this.ready = ready;
  }

  public ModelCatalog catalog() {
    return catalog;
  }

  public void listen(EngineListener listener) {
    listeners.add(listener);
  }

  /** All slots, in the order of their declaration. */
  public List<EngineSlot> slots() {
    return snapshot;
  }

  /** Prompts that engines compute at this moment, by the id of their request, where it is known. */
  public Map<String, Engine.Prefill> prefills() {
    Map<String, Engine.Prefill> all = new HashMap<>();
    for (EngineSlot slot : snapshot) {
      Engine engine = slot.engine();
      if (engine != null) {
        all.putAll(engine.prefills());
      }
    }
    return all;
  }

  public @Nullable EngineSlot find(String engine) {
    for (EngineSlot slot : snapshot) {
      if (slot.id().equals(engine)) {
        return slot;
      }
    }
    return null;
  }

  /** The slots at this moment and after every change; slow readers see the latest only. */
  Flux<List<EngineSlot>> changes() {
    return changes.asFlux().onBackpressureLatest();
  }

  /** Adds an engine whose weights are still to come. */
  public void declare(String id, String pool, VariantInfo variant, String device) {
    change(id, old -> EngineSlot.declared(id, pool, variant, device));
  }

  public void progress(String id, double share) {
    change(id, old -> old == null ? null : old.loading(share));
  }

  public void warming(String id) {
    change(id, old -> old == null ? null : old.warming());
  }

  /** The engine takes requests from here on, and is closed with this registry. */
  public void joined(String id, Engine engine, String encoder) {
    change(id, old -> old == null ? null : old.ready(engine, encoder));
  }

  public void failed(String id, String reason) {
    change(id, old -> old == null ? null : old.failed(reason));
  }

  /** Forgets an engine, which its owner has drained or closed. */
  void remove(String id) {
    synchronized (lock) {
      if (slots.remove(id) != null) {
        signals.removeEngine(id);
        snapshot = List.copyOf(slots.values());
        changes.tryEmitNext(snapshot).orThrow();
      }
    }
  }

  /** Passes a line on to whoever shows progress. */
  public void note(String id, String line) {
    listeners.forEach(listener -> listener.note(id, line));
  }

  @Override
  public void close() {
    for (EngineSlot slot : snapshot) {
      if (slot.engine() != null) {
        slot.engine().close();
      }
      failed(slot.id(), "the server is shutting down");
    }
  }

  private void change(String id, UnaryOperator<@Nullable EngineSlot> how) {
    EngineSlot changed;
    synchronized (lock) {
      EngineSlot old = slots.get(id);
      changed = how.apply(old);
      if (changed == null) {
        throw new IllegalArgumentException("no engine " + id + " was declared");
      }
      slots.put(id, changed);
      List<EngineSlot> all = List.copyOf(slots.values());
      if (old == null || old.state() != changed.state()) {
        EngineSlot now = changed;
        signals.addEngine(id, () -> signal(now));
        if (changed.state() == State.READY) {
          ready.accept(all);
        }
      }
      snapshot = all;
      // Emission is serialised by the lock; waiting requests go on elsewhere, see PromptEncoders.
      changes.tryEmitNext(snapshot).orThrow();
    }
    for (EngineListener listener : listeners) {
      listener.changed(changed);
    }
  }

  private EngineSignal signal(EngineSlot slot) {
    return slot.engine() != null && slot.state() == State.READY
        ? slot.engine().signal()
        : new EngineSignal(
            slot.id(),
            slot.pool(),
            slot.variant().name(),
            slot.device(),
            slot.state(),
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            clock.getAsLong());
  }
}
