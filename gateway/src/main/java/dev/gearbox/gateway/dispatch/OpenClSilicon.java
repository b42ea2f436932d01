package dev.gearbox.gateway.dispatch;

import dev.gearbox.cpu.kernel.KvType;
import dev.gearbox.cpu.model.AttentionSpec;
import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.opencl.KvPrecision;
import dev.gearbox.opencl.OpenClContext;
import dev.gearbox.opencl.OpenClDevices;
import dev.gearbox.opencl.OpenClModel;
import dev.gearbox.runtime.ModelRunner;
import org.jspecify.annotations.Nullable;

/**
 * An OpenCL device, opened with its first model: a machine without one serves whatever else it has.
 */
public final class OpenClSilicon implements Silicon {
  private static final AttentionSpec FULL = new AttentionSpec.Full();

  private final @Nullable String asked;
  private @Nullable OpenClContext context;

  /**
   * @param asked index of the device or part of its name; null for the best
   */
  public OpenClSilicon(@Nullable String asked) {
    this.asked = asked;
  }

  @Override
  public synchronized ModelRunner load(GgufFile file, CpuOptions options) {
    if (options.kvCacheType() == KvType.Q8_0 || !options.attention().equals(FULL)) {
      throw new IllegalArgumentException("an OpenCL device does not compute " + options);
    }
    if (context == null) {
      context = OpenClContext.open(OpenClDevices.choose(asked), OpenClContext.defaultCache());
    }
    boolean floats = options.kvCacheType() == KvType.F32;
    return OpenClModel.load(file, context, floats ? KvPrecision.F32 : KvPrecision.F16);
  }

  @Override
  public synchronized void require(String what, long bytes) {
    if (context != null) {
      context.require(what, bytes);
    }
  }

  @Override
  public synchronized void close() {
    if (context != null) {
      context.close();
      context = null;
    }
  }
}
