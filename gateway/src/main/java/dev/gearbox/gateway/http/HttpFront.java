package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.batch.Batches;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.console.Console;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.LoraAdapters;
import dev.gearbox.gateway.quality.QualityAudit;
import dev.gearbox.gateway.rules.LiveRules;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.stream.Line;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.policy.decide.Shadows;
import dev.gearbox.telemetry.meter.Exposition;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Both ports, listening: the door of this package. */
public final class HttpFront implements AutoCloseable {
  private final HttpListener api;
  private final HttpListener admin;

  /**
   * Where to listen and what to bear.
   *
   * @param port of the API; 0 takes a free one
   * @param adminPort of metrics and administration; 0 takes a free one
   * @param maxBody bytes of a request's body at most
   * @param keepAlive when waiting streams show that they live
   * @param patience with slow clients
   */
  record Options(
      String host,
      int port,
      int adminPort,
      int maxBody,
      LineResponse.KeepAlive keepAlive,
      HttpListener.Patience patience) {}

  /** What the ports talk to. */
  public record Parts(
      Line line,
      Function<InferenceRequest, Mono<Result<DecisionRecord>>> preview,
      RequestParser parser,
      Security security,
      EngineRegistry registry,
      LoraAdapters adapters,
      LiveRules rules,
      Shadows shadows,
      @Nullable QualityAudit audit,
      Console console,
      DecisionsJson decisions,
      Batches batches,
      Exposition exposition,
      boolean publicMetrics,
      List<Configuration.Held> settings,
      BooleanSupplier draining,
      BooleanSupplier refusing,
      Runnable drain,
      Scheduler workers,
      LongSupplier clock,
      InstantSource time) {}

  private final Scheduler disk;

  private final List<Routes.Mapping> apiRoutes;
  private final List<Routes.Mapping> adminRoutes;

  private HttpFront(
      HttpListener api,
      HttpListener admin,
      Scheduler disk,
      List<Routes.Mapping> apiRoutes,
      List<Routes.Mapping> adminRoutes) {
    this.api = api;
    this.admin = admin;
    this.disk = disk;
    this.apiRoutes = apiRoutes;
    this.adminRoutes = adminRoutes;
  }

  /**
   * Listens on both ports.
   *
   * @throws IOException when a port cannot be had; then neither is
   */
  public static HttpFront start(String host, int port, int adminPort, int maxBody, Parts parts)
      throws IOException {
    return start(
        new Options(
            host,
            port,
            adminPort,
            maxBody,
            LineResponse.KeepAlive.DEFAULT,
            HttpListener.Patience.DEFAULT),
        parts);
  }

  static HttpFront start(Options options, Parts parts) throws IOException {
    // Threads start with the first file and end a minute after the last.
    Scheduler disk = Schedulers.newBoundedElastic(4, 1024, "gearbox-files", 60, true);
    var room = BodyRoom.ofHeap();
    var bodies = new BodyReader(options.maxBody(), room, parts.workers());
    var inference =
        new InferenceHandler(
            parts.parser(),
            bodies,
            new LineResponse(
                parts.line(),
                options.keepAlive(),
                parts.registry()::prefills,
                parts.clock(),
                parts.time()),
            parts.preview(),
            parts.clock());
    var guards = new Guards(parts.security());
    var console = new ConsoleApi(parts.console(), parts.decisions());
    var batches = new BatchApi(parts.batches(), disk, bodies);
    var api =
        new PublicApi(
            guards::api,
            inference,
            new ModelsJson(parts.registry(), parts.time().instant().getEpochSecond()),
            parts.decisions(),
            new Health(parts.registry(), parts.draining()),
            console,
            parts.publicMetrics() ? parts.exposition() : null,
            parts.security().gatekeeper().trustsAddresses(),
            batches);
    var admin =
        new AdminApi(
            guards::admin,
            parts.exposition(),
            parts.registry(),
            new PolicyAdmin(parts.rules(), parts.shadows()),
            new AuditAdmin(parts.audit()),
            new LoraAdmin(parts.adapters()),
            console,
            batches,
            parts.settings(),
            parts.drain());
    Routes<?> apiRoutes = api.routes();
    HttpListener first =
        HttpListener.start(
            options.host(),
            options.port(),
            apiRoutes.build(),
            new FrontFilter(parts.security(), parts.draining(), room),
            parts.refusing(),
            options.patience(),
            parts.security(),
            true);
    parts.console().listening(first.port());
    Routes<?> adminRoutes = admin.routes(first.port());
    try {
      return new HttpFront(
          first,
          HttpListener.start(
              options.host(),
              options.adminPort(),
              adminRoutes.build(),
              new SameOrigin(parts.security()),
              () -> false,
              options.patience(),
              parts.security(),
              encryptsAdmin(parts.security())),
          disk,
          apiRoutes.mappings(),
          adminRoutes.mappings());
    } catch (IOException | RuntimeException e) {
      first.close();
      throw e;
    }
  }

  private static boolean encryptsAdmin(Security security) {
    Security.Tls tls = security.tls();
    return tls != null && tls.admin();
  }

  /** What a port takes, each as {@code METHOD PATH}, and those that everybody may ask. */
  public record Doors(int port, List<String> guarded, List<String> open) {}

  /** All there is at either port, for who tries every door. */
  public List<Doors> doors() {
    return List.of(doors(port(), apiRoutes), doors(adminPort(), adminRoutes));
  }

  private static Doors doors(int port, List<Routes.Mapping> routes) {
    Map<Boolean, List<String>> byOpen =
        routes.stream()
            .collect(
                Collectors.partitioningBy(
                    Routes.Mapping::open,
                    Collectors.mapping(
                        each -> each.method() + " " + each.path(), Collectors.toList())));
    return new Doors(
        port, byOpen.getOrDefault(false, List.of()), byOpen.getOrDefault(true, List.of()));
  }

  public int port() {
    return api.port();
  }

  /** Whether clients of the API keep connections open. */
  public boolean hasConnections() {
    return api.hasConnections();
  }

  public int adminPort() {
    return admin.port();
  }

  @Override
  public void close() {
    api.close();
    admin.close();
    disk.dispose();
  }
}
