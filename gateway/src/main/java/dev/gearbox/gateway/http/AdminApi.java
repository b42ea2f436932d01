package dev.gearbox.gateway.http;

import dev.gearbox.engine.Engine;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.config.Configuration;
import dev.gearbox.gateway.console.Audience;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.log.RecentLines;
import dev.gearbox.gateway.security.AdminGate.Operator;
import dev.gearbox.telemetry.meter.Exposition;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The routes of the admin port. All but the console's page are behind the guard. */
final class AdminApi {
  static final String METRICS = "/metrics";

  private final Routes.Guard<Operator> guard;
  private final Exposition exposition;
  private final EngineRegistry registry;
  private final PolicyAdmin policy;
  private final AuditAdmin audit;
  private final LoraAdmin loras;
  private final ConsoleApi console;
  private final BatchApi batches;
  private final List<Configuration.Held> settings;
  private final Runnable drain;

  AdminApi(
      Routes.Guard<Operator> guard,
      Exposition exposition,
      EngineRegistry registry,
      PolicyAdmin policy,
      AuditAdmin audit,
      LoraAdmin loras,
      ConsoleApi console,
      BatchApi batches,
      List<Configuration.Held> settings,
      Runnable drain) {
    this.guard = guard;
    this.exposition = exposition;
    this.registry = registry;
    this.policy = policy;
    this.audit = audit;
    this.loras = loras;
    this.console = console;
    this.batches = batches;
    this.settings = List.copyOf(settings);
    this.drain = drain;
  }

  /**
   * The table of this port.
   *
   * @param apiPort the public port, which the console's playground asks
   */
  Routes<Operator> routes(int apiPort) {
    Routes<Operator> routes = new Routes<>(guard);
    guarded(routes, HttpMethod.GET, METRICS, request -> Replies.metrics(exposition, request));
    guarded(routes, HttpMethod.GET, "/admin/pools", request -> Replies.json(200, pools()));
    guarded(routes, HttpMethod.GET, "/admin/config", request -> Replies.json(200, config()));
    guarded(routes, HttpMethod.GET, "/admin/logs", AdminApi::logs);
    guarded(routes, HttpMethod.GET, "/admin/policy", request -> policy.show());
    guarded(routes, HttpMethod.PUT, "/admin/policy", policy::replace);
    guarded(routes, HttpMethod.POST, "/admin/policy/check", policy::check);
    guarded(routes, HttpMethod.GET, "/admin/policy/shadow", request -> policy.showShadows());
    guarded(routes, HttpMethod.PUT, "/admin/policy/shadow", policy::shadow);
    guarded(routes, HttpMethod.DELETE, "/admin/policy/shadow", request -> policy.stopShadow());
    guarded(routes, HttpMethod.POST, "/admin/policy/shadow/promote", request -> policy.promote());
    guarded(routes, HttpMethod.GET, "/admin/policy/audit", request -> audit.show());
    guarded(routes, HttpMethod.DELETE, "/admin/policy/audit", audit::restore);
    guarded(routes, HttpMethod.GET, "/admin/batches/snapshot", request -> batches.snapshot());
    guarded(routes, HttpMethod.POST, "/admin/requests/{id}/end", console::end);
    guarded(routes, HttpMethod.POST, "/v1/load_lora_adapter", loras::load);
    guarded(routes, HttpMethod.POST, "/v1/unload_lora_adapter", loras::unload);
    String reached = "'self' http://127.0.0.1:%1$d http://localhost:%1$d".formatted(apiPort);
    routes.open(HttpMethod.GET, "/", request -> console.page(reached));
    console.routes((method, path, handler) ->
        routes.add(method, path, (request, operator) -> handler.apply(request, Audience.OPERATOR)));
    console.files(routes);
    guarded(
        routes,
        HttpMethod.POST,
        "/admin/drain",
        request -> {
          drain.run();
          return ServerResponse.accepted().build();
        });
    return routes;
  }

  private static void guarded(
      Routes<Operator> routes,
      HttpMethod method,
      String path,
      Function<ServerRequest, Mono<ServerResponse>> handler) {
    routes.add(method, path, (request, operator) -> handler.apply(request));
  }

  /** Lines of the log after number {@code after}, of one {@code pool} where that is asked for. */
  private static Mono<ServerResponse> logs(ServerRequest request) {
    long after;
    try {
      after = Long.parseLong(request.queryParam("after").orElse("0"));
    } catch (NumberFormatException e) {
      return Replies.error(Refusal.invalid("after", "after must be the number of a line"));
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode lines = json.putArray("lines");
    RecentLines recent = RecentLines.ofProcess();
    if (recent != null) {
      recent
          .after(after, request.queryParam("pool").orElse(""))
          .forEach(line -> lines.addObject().put("number", line.number()).put("text", line.text()));
    }
    return Replies.json(200, JsonMapper.shared().writeValueAsBytes(json));
  }

  private byte[] config() {
    return JsonMapper.shared().writeValueAsBytes(Map.of("settings", settings));
  }

  private byte[] pools() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode engines = json.putArray("engines");
    registry.slots().forEach(slot -> engine(engines.addObject(), slot));
    return JsonMapper.shared().writeValueAsBytes(json);
  }

  private static void engine(ObjectNode json, EngineSlot slot) {
    json.put("engine", slot.id()).put("pool", slot.pool()).put("variant", slot.variant().name());
    json.put("device", slot.device());
    json.put("bytes", slot.variant().bytes());
    Engine engine = slot.engine();
    EngineSignal.State state = engine == null ? slot.state() : engine.signal().state();
    json.put("state", state.name().toLowerCase(Locale.ROOT));
    json.put("progress", slot.progress());
    json.put("reason", slot.reason());
    if (engine == null) {
      return;
    }
    EngineSignal signal = engine.signal();
    json.put("running", signal.running()).put("waiting", signal.waiting());
    json.put("max_sequences", signal.maxSequences());
    json.put("pending_prefill_tokens", signal.pendingPrefillTokens());
    json.put("context_tokens", signal.contextTokens());
    json.put("kv_blocks_free", signal.kvBlocksFree());
    json.put("kv_blocks_total", signal.kvBlocksTotal());
    json.put("max_model_len", engine.capabilities().maxContext());
    json.put("fingerprint", engine.capabilities().fingerprint());
  }
}
