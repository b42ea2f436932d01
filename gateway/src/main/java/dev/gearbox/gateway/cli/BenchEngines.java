package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.engine.Engine;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.PromptCodec;
import dev.gearbox.gateway.dispatch.CpuSilicon;
import dev.gearbox.policy.simulate.EngineProfile;
import dev.gearbox.runtime.Device;
import dev.gearbox.runtime.EngineSpec;
import dev.gearbox.runtime.PromptEncoder;
import dev.gearbox.telemetry.signal.EngineSignal;
import dev.gearbox.telemetry.signal.SignalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Engines of this process on the processor's one device, as they serve, for a measurement. */
final class BenchEngines implements AutoCloseable {
  private static final long WARM_UP_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final ExecutorService listeners =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("gearbox-signals").factory());
  private final SignalStore signals = new SignalStore(System::nanoTime, listeners);
  private final Map<String, Engine> engines = new LinkedHashMap<>();
  private final CpuWorkers workers;
  private final Device device;

  BenchEngines(int threads) {
    workers = new CpuWorkers(threads);
    device = new Device(CpuSilicon.DEVICE, System::nanoTime, signals);
    signals.addDevice(CpuSilicon.DEVICE, device::signal);
  }

  /** Opens an engine as {@code profile} describes it, with the weights of {@code file}. */
  void open(EngineProfile profile, Path file) throws IOException {
    String id = profile.pool() + "/" + profile.variant().name();
    try (GgufFile gguf = GgufFile.open(file)) {
      EngineSpec spec =
          new EngineSpec(
              id,
              profile.pool(),
              profile.variant().name(),
              profile.variant().name(),
              Set.of(),
              profile.maxSequences(),
              profile.variant().maxContext(),
              profile.kvBlocks(),
              profile.maxStepTokens(),
              profile.queueLimit(),
              0);
      Engine engine =
          device.open(
              spec,
              CpuModel.load(gguf, workers, CpuOptions.DEFAULT),
              PromptEncoder.of(PromptCodec.of(gguf)));
      engines.put(id, engine);
      signals.addEngine(id, engine::signal);
    }
  }

  /** Waits until all have warmed up. */
  void ready() throws InterruptedException {
    long until = System.nanoTime() + WARM_UP_NANOS;
    for (Map.Entry<String, Engine> each : engines.entrySet()) {
      while (each.getValue().signal().state() != EngineSignal.State.READY) {
        if (System.nanoTime() > until) {
          throw new IllegalStateException(each.getKey() + " was not ready within five minutes");
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** By id. */
  Map<String, Engine> engines() {
    return engines;
  }

  SignalStore signals() {
    return signals;
  }

  @Override
  public void close() {
    device.close();
    workers.close();
    listeners.shutdownNow();
  }
}
