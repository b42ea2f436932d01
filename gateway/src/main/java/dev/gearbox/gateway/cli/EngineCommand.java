package dev.gearbox.gateway.cli;

import dev.gearbox.cpu.model.CpuOptions;
import dev.gearbox.gateway.config.AdapterConfig;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PoolConfig;
import dev.gearbox.telemetry.signal.EngineNames;
import dev.gearbox.workshop.AdapterFile;
import dev.gearbox.workshop.CatalogEntry;
import dev.gearbox.workshop.WeightStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One engine as a worker. */
@Command(
    name = "engine",
    description = "Serve one variant as an OpenAI-compatible worker for other gateways.")
final class EngineCommand implements Callable<Integer> {
  @Mixin CommonOptions common = new CommonOptions();

  @Mixin private WeightsOption weights = new WeightsOption();

  @Option(
      names = "--lora",
      paramLabel = "NAME=FILE[:SCALE]",
      description = "A LoRA adapter in GGUF, asked for by its name; may be given several times.")
  private Map<String, String> loras = new LinkedHashMap<>();

  @Option(names = "--host", defaultValue = "127.0.0.1", description = "Address to listen on.")
  private String host = "127.0.0.1";

  @Option(names = "--port", description = "Port of the API (default: 8081).")
  private @Nullable Integer port;

  @Option(names = "--admin-port", description = "Port of metrics (default: 9091).")
  private @Nullable Integer adminPort;

  @Mixin private DeviceOption device = new DeviceOption();

  @Mixin private CpuOption cpu = new CpuOption();

  private final Screen screen;

  EngineCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() throws Exception {
    CpuOptions options = cpu.options();
    PoolConfig.Device on = device.checked(options);
    if (on == PoolConfig.Device.GPU_OPENCL && !loras.isEmpty()) {
      throw new WrongUsageException("--lora: gpu-opencl takes no adapters");
    }
    Path file = weights.resolve(screen).toAbsolutePath();
    Configuration read = ConfigLoader.load(null, System.getenv());
    CatalogEntry entry = weights.entry(file);
    Configuration one =
        read.with(read.catalog().with(entry))
            .only(List.of(entry.name()))
            .computing(options)
            .on(on, device.openclDevice())
            .withAdapters(adapters())
            .worker()
            .listening(
                host,
                PortOption.checked("--port", port, 8081),
                PortOption.checked("--admin-port", adminPort, 9091));
    WeightStore store = new WeightStore(file.resolveSibling("."), true);
    return new ServeRun(one, store, screen).run();
  }

  private List<AdapterConfig> adapters() {
    List<AdapterConfig> adapters = new ArrayList<>();
    loras.forEach((name, written) -> {
      if (!EngineNames.isVariant(name)) {
        throw new WrongUsageException("--lora: '" + name + "' cannot be the name of an adapter");
      }
      AdapterFile file = AdapterFile.parse(written);
      String path = "file:" + file.path().toAbsolutePath();
      adapters.add(new AdapterConfig(name, null, path, (double) file.factor()));
    });
    return adapters;
  }
}
