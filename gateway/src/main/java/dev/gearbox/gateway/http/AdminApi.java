package dev.gearbox.gateway.http;

import dev.gearbox.engine.Engine;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.console.Audience;
import dev.gearbox.gateway.dispatch.EngineRegistry;
import dev.gearbox.gateway.dispatch.EngineSlot;
import dev.gearbox.gateway.log.RecentLines;
import dev.gearbox.telemetry.meter.Exposition;
import dev.gearbox.telemetry.signal.EngineSignal;
import java.util.Locale;
import java.util.function.Function;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The routes of the admin port: metrics for whoever scrapes, the rest for this machine alone. */
final class AdminApi {
  private final Exposition exposition;
  private final EngineRegistry registry;
  private final PolicyAdmin policy;
  private final LoraAdmin loras;
  private final ConsoleApi console;
  private final Runnable drain;

  AdminApi(
      Exposition exposition,
      EngineRegistry registry,
      PolicyAdmin policy,
      LoraAdmin loras,
      ConsoleApi console,
      Runnable drain) {
    this.exposition = exposition;
    this.registry = registry;
    this.policy = policy;
    this.loras = loras;
    this.console = console;
    this.drain = drain;
  }

  /**
   * The table of this port.
   *
   * @param apiPort the public port, which the console's playground asks
   */
  RouterFunction<ServerResponse> routes(int apiPort) {
    Routes routes = new Routes();
    routes.add(HttpMethod.GET, "/metrics", request -> Replies.metrics(exposition, request));
    local(routes, HttpMethod.GET, "/admin/pools", request -> Replies.json(200, pools()));
    local(routes, HttpMethod.GET, "/admin/logs", AdminApi::logs);
    local(routes, HttpMethod.GET, "/admin/policy", request -> policy.show());
    local(routes, HttpMethod.PUT, "/admin/policy", policy::replace);
    local(routes, HttpMethod.POST, "/admin/policy/check", policy::check);
    local(routes, HttpMethod.GET, "/admin/policy/shadow", request -> policy.showShadows());
    local(routes, HttpMethod.PUT, "/admin/policy/shadow", policy::shadow);
    local(routes, HttpMethod.DELETE, "/admin/policy/shadow", request -> policy.stopShadow());
    local(routes, HttpMethod.POST, "/admin/policy/shadow/promote", request -> policy.promote());
    local(routes, HttpMethod.POST, "/v1/load_lora_adapter", loras::load);
    local(routes, HttpMethod.POST, "/v1/unload_lora_adapter", loras::unload);
    String reached = "'self' http://127.0.0.1:%1$d http://localhost:%1$d".formatted(apiPort);
    local(routes, HttpMethod.GET, "/", request -> console.page(reached));
    console.routes((method, path, handler) ->
        local(routes, method, path, request -> handler.apply(request, Audience.OPERATOR)));
    console.files(routes);
    local(
        routes,
        HttpMethod.POST,
        "/admin/drain",
        request -> {
          drain.run();
          return ServerResponse.accepted().build();
        });
    return routes.build();
  }

  private static void local(
      Routes routes,
      HttpMethod method,
      String path,
      Function<ServerRequest, Mono<ServerResponse>> handler) {
    routes.add(
        method,
        path,
        request ->
            request.remoteAddress().stream().anyMatch(a -> a.getAddress().isLoopbackAddress())
                ? handler.apply(request)
                : Replies.error(
                    Refusal.of(ErrorCode.PERMISSION_DENIED, "only this machine may ask")));
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
