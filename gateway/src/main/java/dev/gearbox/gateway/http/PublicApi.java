package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.console.Audience;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import dev.gearbox.telemetry.meter.Exposition;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** The routes of the public port. All but health and the console's page are behind the guard. */
final class PublicApi {
  private static final int MOST_LISTED = 100;

  private final Routes.Guard<Caller> guard;
  private final InferenceHandler inference;
  private final ModelsJson models;
  private final DecisionsJson decisions;
  private final Health health;
  private final ConsoleApi console;
  private final @Nullable Exposition metrics;
  private final boolean openMetrics;
  private final BatchApi batches;

  PublicApi(
      Routes.Guard<Caller> guard,
      InferenceHandler inference,
      ModelsJson models,
      DecisionsJson decisions,
      Health health,
      ConsoleApi console,
      @Nullable Exposition metrics,
      boolean openMetrics,
      BatchApi batches) {
    this.guard = guard;
    this.inference = inference;
    this.models = models;
    this.decisions = decisions;
    this.health = health;
    this.console = console;
    this.metrics = metrics;
    this.openMetrics = openMetrics;
    this.batches = batches;
  }

  Routes<Caller> routes() {
    Routes<Caller> routes = new Routes<>(guard);
    routes.open(HttpMethod.GET, "/health", request -> health.health());
    routes.open(HttpMethod.GET, "/health/live", request -> health.live());
    routes.open(HttpMethod.GET, "/health/ready", request -> health.ready());
    routes.open(HttpMethod.HEAD, "/", request -> ServerResponse.ok().build());
    routes.open(
        HttpMethod.GET,
        "/",
        request -> ConsoleApi.isBrowser(request) ? console.page("'self'") : health.health());
    console.routes((method, path, handler) ->
        routes.add(
            method,
            path,
            (request, caller) -> handler.apply(request, new Audience(caller.tenant()))));
    routes.add(
        HttpMethod.POST,
        "/console/preview",
        (request, caller) -> inference.preview(request, caller, console::preview));
    console.files(routes);
    byte[] described = OpenApi.document();
    routes.add(HttpMethod.GET, "/openapi.json", (request, caller) -> Replies.json(200, described));
    Exposition shown = metrics;
    if (shown != null) {
      metrics(routes, shown);
    }
    for (String base : new String[] {"/v1", ""}) {
      routes.add(
          HttpMethod.POST,
          base + "/chat/completions",
          (request, caller) -> inference.generate(AnswerKind.CHAT, request, caller));
      routes.add(
          HttpMethod.POST,
          base + "/completions",
          (request, caller) -> inference.generate(AnswerKind.COMPLETION, request, caller));
      routes.add(
          HttpMethod.GET, base + "/models", (request, caller) -> Replies.json(200, models.list()));
      routes.add(HttpMethod.GET, base + "/models/{*id}", (request, caller) -> model(request));
      routes.add(
          HttpMethod.POST,
          base + "/decisions/preview",
          (request, caller) -> inference.preview(request, caller, decisions::json));
      routes.add(
          HttpMethod.POST,
          base + "/slo/quote",
          (request, caller) -> inference.preview(request, caller, decisions::quote));
      routes.add(HttpMethod.GET, base + "/decisions", this::list);
      routes.add(
          HttpMethod.GET,
          base + "/decisions/{id}",
          (request, caller) -> decision(request, caller, decisions::json));
      routes.add(
          HttpMethod.POST,
          base + "/decisions/{id}/replay",
          (request, caller) -> decision(request, caller, decisions::replay));
      batches.routes(base, routes::add);
    }
    return routes;
  }

  /** Other gateways scrape a worker without tenants from elsewhere; with tenants by a key. */
  private void metrics(Routes<Caller> routes, Exposition shown) {
    if (openMetrics) {
      routes.open(HttpMethod.GET, "/metrics", request -> Replies.metrics(shown, request));
    } else {
      routes.add(HttpMethod.GET, "/metrics", (request, caller) -> Replies.metrics(shown, request));
    }
  }

  private Mono<ServerResponse> model(ServerRequest request) {
    String id = request.pathVariable("id").replaceFirst("^/", "");
    byte[] json = models.one(id);
    if (json == null) {
      json = models.one(URLDecoder.decode(id, StandardCharsets.UTF_8));
    }
    return json != null ? Replies.json(200, json) : Replies.error(Refusal.unknownModel(id));
  }

  /** A tenant sees its own; {@code class} and {@code variant} narrow it down. */
  private Mono<ServerResponse> list(ServerRequest request, Caller caller) {
    int limit;
    try {
      limit = Integer.parseInt(request.queryParam("limit").orElse("20"));
    } catch (NumberFormatException e) {
      limit = -1;
    }
    if (limit < 1 || limit > MOST_LISTED) {
      return Replies.error(Refusal.invalid("limit", "limit must be 1 to " + MOST_LISTED));
    }
    String serviceClass = request.queryParam("class").orElse("");
    String variant = request.queryParam("variant").orElse("");
    return Replies.json(
        200,
        decisions.list(
            limit,
            made ->
                made.request().tenant().equals(caller.tenant())
                    && (serviceClass.isEmpty()
                        || made.request().serviceClass().name().equals(serviceClass))
                    && (variant.isEmpty() || decidedFor(made, variant))));
  }

  private static boolean decidedFor(DecisionRecord made, String variant) {
    return made.decision() instanceof Decision.Route route && route.variant().equals(variant);
  }

  /** A tenant sees its own: whose it is beside that, nobody is told. */
  private Mono<ServerResponse> decision(
      ServerRequest request, Caller caller, Function<DecisionRecord, byte[]> as) {
    return decisions.reply(
        request.pathVariable("id"), made -> made.request().tenant().equals(caller.tenant()), as);
  }
}
