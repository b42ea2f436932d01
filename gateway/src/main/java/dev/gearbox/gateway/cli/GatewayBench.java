package dev.gearbox.gateway.cli;

import dev.gearbox.gateway.GearboxServer;
import dev.gearbox.gateway.cli.LoadGenerator.Measured;
import dev.gearbox.gateway.config.ConfigLoader;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.dispatch.EngineListener;
import dev.gearbox.workshop.Machine;
import dev.gearbox.workshop.WeightStore;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Measures the gateway and the floor under it, in turns. */
record GatewayBench(
    List<Integer> rates, int seconds, boolean stream, boolean remote, Screen screen) {
  /** The default rules are compiled within this time of the start. */
  private static final long RULES_MILLIS = 5000;

  private static final int WARM_UP_RPS = 300;
  private static final int WARM_UP_SECONDS = 10;

  int run(boolean json) throws IOException, InterruptedException, InvalidSettingsException {
    Map<String, Object> last = Map.of();
    Table table =
        new Table("REQ/S", "DIRECT p50", "p99", "GATEWAY p50", "p99", "ADDED p50", "p99", "ERRORS");
    CountDownLatch ready = new CountDownLatch(1);
    try (ConstantServer floor = new ConstantServer();
        GearboxServer gateway = gateway(floor, ready)) {
      if (!ready.await(30, TimeUnit.SECONDS)) {
        throw new IOException("the engines of the benchmark did not start");
      }
      screen.err().println("load: metrics on port " + gateway.adminPort());
      Thread.sleep(RULES_MILLIS);
      // The JVM compiles what is hot before anything counts.
      load(floor.port(), WARM_UP_RPS, WARM_UP_SECONDS);
      load(gateway.port(), WARM_UP_RPS, WARM_UP_SECONDS);
      for (int rps : rates) {
        Measured direct = load(floor.port(), rps, seconds);
        Measured through = load(gateway.port(), rps, seconds);
        last = json(rps, direct, through);
        table.row(row(rps, direct, through));
      }
    }
    if (json) {
      screen.out().println(Json.write(last));
    } else {
      table.print(screen.out());
      screen.out().println("milliseconds; " + Machine.cpu());
    }
    return 0;
  }

  private GearboxServer gateway(ConstantServer floor, CountDownLatch ready)
      throws IOException, InvalidSettingsException {
    WeightStore unused = new WeightStore(Path.of("."), true);
    EngineListener listener =
        slot -> {
          if (slot.usable()) {
            ready.countDown();
          }
        };
    if (!remote) {
      return GearboxServer.start(
          listening(null), unused, new ConstantOpener(ConstantEngine.DELAY), listener);
    }
    Path pool = Files.createTempFile("gearbox-bench", ".yaml");
    try {
      Files.writeString(pool, remotePool(floor.port()));
      return GearboxServer.start(listening(pool), unused, listener);
    } finally {
      Files.delete(pool);
    }
  }

  private static String remotePool(int port) {
    return """
    gearbox:
      models: [{name: auto, reference: constant, variants: [constant]}]
      pools:
        - name: constant
          device: remote
          endpoints: ["http://127.0.0.1:%d"]
          variants: [constant]
          max-sequences: 1024
    """
        .formatted(port);
  }

  private static Configuration listening(@Nullable Path config)
      throws IOException, InvalidSettingsException {
    return ConfigLoader.load(config, System.getenv()).listening("127.0.0.1", 0, 0);
  }

  private Measured load(int port, int rps, int duration) throws IOException, InterruptedException {
    screen.err().println("load: " + rps + " requests per second on port " + port);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Gearbox.class.getName(),
                "load",
                "--url=http://127.0.0.1:" + port + "/v1/chat/completions",
                "--rps=" + rps,
                "--seconds=" + duration,
                "--stream=" + stream)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("the load generator ends with exit code " + process.exitValue());
    }
    JsonNode read = Json.parse(out);
    return new Measured(
        read.path("p50").asDouble(),
        read.path("p99").asDouble(),
        read.path("requests").asInt(),
        read.path("errors").asInt());
  }

  private static Map<String, Object> json(int rps, Measured direct, Measured through) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rps", rps);
    json.put("cpu", Machine.cpu());
    json.put("direct", percentiles(direct.p50(), direct.p99()));
    json.put("gateway", percentiles(through.p50(), through.p99()));
    json.put("added", percentiles(through.p50() - direct.p50(), through.p99() - direct.p99()));
    json.put("errors", direct.errors() + through.errors());
    return json;
  }

  private static Map<String, Double> percentiles(double p50, double p99) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("p50_ms", Math.round(p50 * 100) / 100.0);
    values.put("p99_ms", Math.round(p99 * 100) / 100.0);
    return values;
  }

  private static String[] row(int rps, Measured direct, Measured through) {
    return new String[] {
      Integer.toString(rps),
      number(direct.p50()),
      number(direct.p99()),
      number(through.p50()),
      number(through.p99()),
      number(through.p50() - direct.p50()),
      number(through.p99() - direct.p99()),
      Integer.toString(direct.errors() + through.errors())
    };
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
