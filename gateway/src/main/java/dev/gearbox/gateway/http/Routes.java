package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/** A table of handlers by path and method; what is not in it gets a 404 or 405 error object. */
final class Routes {
  private final Map<String, Map<String, Function<ServerRequest, Mono<ServerResponse>>>> table =
      new LinkedHashMap<>();

  void add(HttpMethod method, String path, Function<ServerRequest, Mono<ServerResponse>> handler) {
    table.computeIfAbsent(path, key -> new TreeMap<>()).put(method.name(), handler);
  }

  RouterFunction<ServerResponse> build() {
    RouterFunctions.Builder router = RouterFunctions.route();
    table.forEach((path, methods) ->
        router.route(
            RequestPredicates.path(path),
            request -> {
              var handler = methods.get(request.method().name());
              return handler != null ? handler.apply(request) : notAllowed(methods);
            }));
    router.route(RequestPredicates.all(), request -> notFound());
    return router.build();
  }

  private static Mono<ServerResponse> notAllowed(Map<String, ?> methods) {
    String allowed = String.join(", ", methods.keySet());
    return Replies.error(Refusal.of(ErrorCode.METHOD_NOT_ALLOWED, "this path takes " + allowed));
  }

  private static Mono<ServerResponse> notFound() {
    return Replies.error(Refusal.of(ErrorCode.NOT_FOUND, "there is nothing at this path"));
  }
}
