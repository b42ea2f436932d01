package dev.gearbox.gateway.cli;

import dev.gearbox.policy.simulate.SloBench;
import dev.gearbox.policy.simulate.Trace;
import dev.gearbox.policy.simulate.Traffic;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is simulated, and where its requests come from. */
final class SimulationOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Engines, classes and traffic under `simulation:` (default: three variants on two cores).")
  private @Nullable Path config;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description =
          "Azure LLM inference CSV, BurstGPT CSV or Mooncake JSONL, thinned at random to the rate"
              + " (default: bursts drawn as the configuration says).")
  private @Nullable Path file;

  @Option(
      names = "--stretch",
      paramLabel = "X",
      defaultValue = "1",
      description = "Slow the trace down by this before it is thinned (default: 1).")
  private double stretch;

  @Option(
      names = "--prompt-scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "Multiply the trace's prompt lengths (default: 1).")
  private double promptScale;

  @Option(
      names = "--output-scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "Multiply the trace's answer lengths (default: 1).")
  private double outputScale;

  SimulationConfig config() throws IOException, InvalidSettingsException {
    return config(Map.of());
  }

  /** With other settings by their keys. */
  SimulationConfig config(Map<String, String> over) throws IOException, InvalidSettingsException {
    return SimulationConfig.load(config, over);
  }

  /** Makes the arrivals of {@code config}. */
  SloBench.Arrivals arrivals(SimulationConfig config) throws IOException {
    if (!(stretch > 0) || !(promptScale > 0) || !(outputScale > 0)) {
      throw new WrongUsageException("--stretch, --prompt-scale and --output-scale are above 0");
    }
    if (file == null) {
      Traffic traffic = config.traffic(1, 1);
      double burstiness = config.traffic().burstiness();
      return (rate, seconds, seed) ->
          traffic.synthetic(config.synthetic(), rate, burstiness, seconds, seed);
    }
    Trace trace = TraceFile.read(file);
    Traffic traffic = config.traffic(promptScale, outputScale);
    return (rate, seconds, seed) -> traffic.of(trace, rate, stretch, seconds, seed);
  }

  /** For reports. */
  String name() {
    return file == null
        ? "synthetic"
        : "%s, stretch %s, prompts x %s, answers x %s"
            .formatted(file.getFileName(), stretch, promptScale, outputScale);
  }
}
