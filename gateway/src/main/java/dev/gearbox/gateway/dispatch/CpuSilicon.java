package dev.gearbox.gateway.dispatch;

import dev.gearbox.cpu.model.CpuModel;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.cpu.parallel.CpuWorkers;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.runtime.ModelRunner;

/** This machine's processor: so many worker threads, shared by all models. */
public final class CpuSilicon implements Silicon {
  /** Id of the device. */
  public static final String DEVICE = "cpu-simd";

  private final CpuWorkers workers;

  /** Starts the threads. */
  public CpuSilicon(int threads) {
    workers = new CpuWorkers(threads);
  }

  @Override
  public ModelRunner load(GgufFile file, CpuOptions options) {
    return CpuModel.load(file, workers, options);
  }

  @Override
  public void close() {
    workers.close();
  }
}
