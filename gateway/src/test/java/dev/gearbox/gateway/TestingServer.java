package dev.gearbox.gateway;

import dev.gearbox.engine.Lane;
import dev.gearbox.gateway.admission.AdmissionLimits;
import dev.gearbox.gateway.admission.TenantLimits;
import dev.gearbox.gateway.api.ServiceClasses;
import dev.gearbox.gateway.config.BatchConfig;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.config.PolicyConfig;
import dev.gearbox.gateway.config.TelemetryConfig;
import dev.gearbox.gateway.dispatch.Care;
import dev.gearbox.gateway.dispatch.Care.Rescue;
import dev.gearbox.gateway.dispatch.EngineOpener;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.dispatch.ModelCatalog;
import dev.gearbox.gateway.dispatch.ModelFamily;
import dev.gearbox.gateway.dispatch.VariantInfo;
import dev.gearbox.gateway.quality.Yardstick;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.Tenant;
import dev.gearbox.policy.choose.ChoiceOptions;
import dev.gearbox.policy.fact.ServiceClass;
import dev.gearbox.policy.fact.Targets;
import dev.gearbox.policy.rule.ConservativeRules;
import dev.gearbox.workshop.settings.DataSize;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole gateway on free ports, with one {@link TestingEngine} behind it. */
final class TestingServer implements AutoCloseable {
  static final String VARIANT = "test-small";

  /** Of better quality, so that it is chosen while nothing else counts. */
  static final String LARGE = "test-large";

  /**
   * No answer takes as long, not on the slowest machine: whoever waits longer waits for nothing.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  final TestingEngine engine;
  final TestingEngine large;
  final GearboxServer server;
  final Core core;
  final Path batches;
  final CountDownLatch weights = new CountDownLatch(1);

  static TestingServer ready(Duration pace) throws Exception {
    return ready(pace, AdmissionLimits.DEFAULT, List.of());
  }

  static TestingServer ready(Duration pace, AdmissionLimits limits, List<Tenant> tenants)
      throws Exception {
    return ready(pace, limits, tenants, Map.of());
  }

  static TestingServer ready(
      Duration pace, AdmissionLimits limits, List<Tenant> tenants, Map<String, TenantLimits> quotas)
      throws Exception {
    return new TestingServer(pace, limits, tenants, quotas).loaded();
  }

  /** Behind these doors. */
  static TestingServer behind(Security security) throws Exception {
    return behind(security, null);
  }

  /** The same, with the files of batches sealed by keys. */
  static TestingServer behind(Security security, @Nullable Path batchKeys) throws Exception {
    return behind(security, batchKeys, PolicyConfig.Audit.OFF, null);
  }

  private static TestingServer behind(
      Security security,
      @Nullable Path batchKeys,
      PolicyConfig.Audit audit,
      @Nullable String collector)
      throws Exception {
    return new TestingServer(
            Duration.ZERO,
            AdmissionLimits.DEFAULT,
            security,
            batchKeys,
            Map.of(),
            PolicyConfig.Records.inMemory(100),
            audit,
            collector)
        .loaded();
  }

  /** Whose answers are audited. */
  static TestingServer audited(PolicyConfig.Audit audit) throws Exception {
    return behind(Security.of(List.of(), true), null, audit, null);
  }

  /** Whose traces go to this collector. */
  static TestingServer traced(URI collector) throws Exception {
    return behind(Security.of(List.of(), true), null, PolicyConfig.Audit.OFF, collector.toString());
  }

  private TestingServer loaded() throws Exception {
    weights.countDown();
    await(() -> server.engines().stream().allMatch(EngineSlot::usable));
    return this;
  }

  /** With weights that come when {@link #weights} is counted down. */
  TestingServer(
      Duration pace, AdmissionLimits limits, List<Tenant> tenants, Map<String, TenantLimits> quotas)
      throws IOException {
    this(pace, limits, tenants, quotas, PolicyConfig.Records.inMemory(100));
  }

  TestingServer(
      Duration pace,
      AdmissionLimits limits,
      List<Tenant> tenants,
      Map<String, TenantLimits> quotas,
      PolicyConfig.Records records)
      throws IOException {
    this(
        pace,
        limits,
        Security.of(tenants, true),
        null,
        quotas,
        records,
        PolicyConfig.Audit.OFF,
        null);
  }

  private TestingServer(
      Duration pace,
      AdmissionLimits limits,
      Security security,
      @Nullable Path batchKeys,
      Map<String, TenantLimits> quotas,
      PolicyConfig.Records records,
      PolicyConfig.Audit audit,
      @Nullable String collector)
      throws IOException {
    engine = new TestingEngine("pool/" + VARIANT, VARIANT, pace);
    large = new TestingEngine("pool/" + LARGE, LARGE, pace);
    batches = Files.createTempDirectory("gearbox-batches").resolve("none-yet");
    ServerPlan plan =
        new ServerPlan(
            "127.0.0.1",
            0,
            0,
            1 << 20,
            new ModelCatalog(
                List.of(
                    new ModelFamily("auto", List.of(VARIANT)),
                    new ModelFamily("both", List.of(VARIANT, LARGE)))),
            List.of(planned(VARIANT, 0.9), planned(LARGE, 1.0)),
            List.of(),
            (base, file) -> null,
            new ServiceClasses(
                List.of(
                    standard("standard", 0),
                    standard("interactive", 10),
                    standard("hedged", 5),
                    standard("rescued", 5),
                    standard("batch", -10))),
            security,
            limits,
            quotas,
            null,
            1,
            Map.of(
                "hedged", new Care(Duration.ofMillis(50), Rescue.NONE),
                "rescued", new Care(null, Rescue.MODEL)),
            List.of(),
            false,
            new BatchConfig(batches.toString(), new DataSize(1 << 20), 50, null),
            batchKeys,
            audit,
            Map.of(VARIANT, new Yardstick(LARGE, 0.02), LARGE, new Yardstick(LARGE, 0.0)),
            null,
            List.of(new Configuration.Held("gearbox.server.port", "0", "command line")));
    EngineOpener opener =
        (slot, registry) -> {
          weights.await();
          return new EngineOpener.Opened(
              slot.variant().name().equals(VARIANT) ? engine : large, "encoder");
        };
    core =
        Core.start(
            System::nanoTime,
            ConservativeRules.INSTANCE,
            ChoiceOptions.DEFAULT,
            records,
            new TelemetryConfig(
                new TelemetryConfig.TracesConfig(collector, 1, Duration.ofSeconds(1)), 200),
            1);
    server = GearboxServer.start(plan, core, opener, slot -> {});
  }

  private static ServerPlan.Planned planned(String variant, double quality) {
    return new ServerPlan.Planned(
        "pool/" + variant,
        "pool",
        new VariantInfo(variant, Set.of("quantized"), quality, 100_000_000),
        "test");
  }

  private static ServiceClass standard(String name, int priority) {
    return new ServiceClass(
        name,
        Targets.NONE,
        0.95,
        Duration.ofDays(30),
        priority,
        Lane.INTERACTIVE,
        ServiceClass.Weights.DEFAULT);
  }

  HttpResponse<String> post(String path, String json, String... headers) throws Exception {
    var request =
        HttpRequest.newBuilder(uri(path))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** With a body that is no JSON. */
  HttpResponse<String> upload(String path, String body, String type) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(uri(path))
            .timeout(PATIENCE)
            .header("content-type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> send(String method, String path, String... headers) throws Exception {
    var request =
        HttpRequest.newBuilder(uri(path))
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Asks the admin port. */
  HttpResponse<String> admin(String method, String path) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.adminPort() + path))
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  String metrics() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.adminPort() + "/metrics");
    return HTTP.send(
            HttpRequest.newBuilder(uri).timeout(PATIENCE).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  /** A connection that has sent this request and read nothing. */
  Socket open(String path, String json) throws IOException {
    return open(path, json, "accept: */*");
  }

  /** The same with one more header. */
  Socket open(String path, String json, String header) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n\r\n"
            .formatted(path, body.length, header);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(body);
    socket.getOutputStream().flush();
    return socket;
  }

  static String readUntil(Socket socket, String text) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int next;
      try {
        next = in.read();
      } catch (SocketTimeoutException e) {
        throw new AssertionError("nothing came after: " + seen, e);
      }
      if (next < 0) {
        throw new AssertionError("ended after: " + seen);
      }
      seen.append((char) next);
    }
    return seen.toString();
  }

  /** The last decision with what became of it, which is written down a moment after the answer. */
  JsonNode lastDecision() throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      JsonNode last =
          JsonMapper.shared().readTree(send("GET", "/v1/decisions?limit=1").body()).at("/data/0");
      if (last.path("actual").isObject()) {
        return last;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("nothing became of " + last);
      }
      Thread.sleep(5);
    }
  }

  void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true within " + PATIENCE);
      }
      Thread.sleep(5);
    }
  }

  @Override
  public void close() {
    weights.countDown();
    server.close();
  }
}
