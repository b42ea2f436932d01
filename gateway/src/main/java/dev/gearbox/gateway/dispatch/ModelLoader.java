package dev.gearbox.gateway.dispatch;

import dev.gearbox.engine.Engine;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.telemetry.signal.EngineSignal.State;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Brings the declared engines up in the background, smallest weights first, each into its pool when
 * it is warm. One that fails is marked with the reason and the others go on.
 */
public final class ModelLoader implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ModelLoader.class.getName());
  private static final long WARM_POLL_MILLIS = 10;

  private final EngineRegistry registry;
  private final EngineOpener opener;
  private final LoraAdapters adapters;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("gearbox-loader").factory());

  private final ExecutorService apart =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("gearbox-opener-", 0).factory());

  public ModelLoader(EngineRegistry registry, EngineOpener opener, LoraAdapters adapters) {
    this.registry = registry;
    this.opener = opener;
    this.adapters = adapters;
  }

  /** Starts; returns at once. */
  public void start() {
    List<EngineSlot> slots =
        registry.slots().stream()
            .filter(EngineSlot::coming)
            .filter(slot -> !EngineNames.isAdapter(slot.id()))
            .sorted(Comparator.comparingLong(slot -> slot.variant().bytes()))
            .toList();
    slots.forEach(this::start);
  }

  /** Brings one engine up, behind those of this machine or beside them. */
  void start(EngineSlot slot) {
    if (opener.isApart(slot)) {
      apart.execute(() -> load(slot));
    } else {
      thread.execute(() -> load(slot));
    }
  }

  private void load(EngineSlot slot) {
    try {
      EngineOpener.Opened opened = opener.open(slot, registry);
      Phases phases = new Phases(System::nanoTime);
      if (registry.find(slot.id()) == null) {
        opened.engine().close();
        return;
      }
      registry.warming(slot.id());
      awaitWarm(opened.engine());
      phases.end("warm_up");
      registry.joined(slot.id(), opened.engine(), opened.encoder());
      LOG.log(System.Logger.Level.INFO, "event=engine_ready engine=" + slot.id() + phases);
      adapters.ready(slot.id());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (registry.find(slot.id()) != null) {
        registry.failed(slot.id(), "the server is shutting down");
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      LOG.log(System.Logger.Level.ERROR, "event=engine_failed engine=" + slot.id() + " " + reason);
      LOG.log(System.Logger.Level.DEBUG, "event=engine_failed engine=" + slot.id(), e);
      registry.failed(slot.id(), reason);
      adapters.lost(slot.id());
    }
  }

  private static void awaitWarm(Engine engine) throws InterruptedException {
    while (true) {
      State state = engine.signal().state();
      switch (state) {
        case LOADING, WARMING -> Thread.sleep(WARM_POLL_MILLIS);
        case READY -> {
          return;
        }
        case DRAINING, FAILED, CLOSED ->
            throw new IllegalStateException("the engine became " + state + " while warming up");
      }
    }
  }

  /** Interrupts what is being loaded. */
  @Override
  public void close() {
    thread.shutdownNow();
    apart.shutdownNow();
  }
}
