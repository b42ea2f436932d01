package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.gateway.dispatch.CpuSilicon;
import dev.gearbox.gateway.dispatch.OpenClSilicon;
import dev.gearbox.gateway.dispatch.Silicon;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What computes, for commands that run an engine of their own. */
final class DeviceOption {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu-simd",
      description = "What computes: cpu-simd (default) or gpu-opencl.")
  private String device = "cpu-simd";

  @Option(
      names = "--opencl-device",
      paramLabel = "N|NAME",
      description =
          "OpenCL device, by index or part of its name (default: the GPU with the most compute units, else the processor).")
  private @Nullable String openclDevice;

  /** What is asked for; refused where it does not compute like this. */
  PoolConfig.Device checked(CpuOptions options) {
    PoolConfig.Device chosen =
        switch (device) {
          case "cpu-simd" -> PoolConfig.Device.CPU_SIMD;
          case "gpu-opencl" -> PoolConfig.Device.GPU_OPENCL;
          default ->
              throw new WrongUsageException(
                  "--device must be cpu-simd or gpu-opencl, got " + device);
        };
    if (chosen != PoolConfig.Device.GPU_OPENCL && openclDevice != null) {
      throw new WrongUsageException("--opencl-device needs --device gpu-opencl");
    }
    chosen
        .refusal(options)
        .ifPresent(reason -> {
          throw new WrongUsageException(reason);
        });
    return chosen;
  }

  @Nullable String openclDevice() {
    return openclDevice;
  }

  /** The device, for an engine in this process. */
  Chosen chosen(CpuOptions options, int threads) {
    return new Chosen(checked(options), device, openclDevice, threads);
  }

  /**
   * A device that is not started yet.
   *
   * @param threads of the processor, where that is it
   */
  record Chosen(PoolConfig.Device kind, String name, @Nullable String openclDevice, int threads) {
    Silicon start() {
      return kind == PoolConfig.Device.GPU_OPENCL
          ? new OpenClSilicon(openclDevice)
          : new CpuSilicon(threads);
    }
  }
}
