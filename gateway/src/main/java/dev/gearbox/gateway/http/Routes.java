package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/**
 * A table of handlers by path and method, behind a guard: whatever is not said to be open to
 * everybody is asked of the guard first, also what is not in the table, which then gets a 404 or
 * 405 error object.
 *
 * @param <W> who asks, as the guard says it
 */
final class Routes<W> {
  /** Says who asks, or why they may not. */
  @FunctionalInterface
  interface Guard<W> {
    /**
     * Looks at a request.
     *
     * @param route as it is in the table, for the record; nothing that the client wrote
     */
    Mono<Result<W>> check(ServerRequest request, String route);
  }

  /**
   * One line of the table.
   *
   * @param open whether everybody may ask
   */
  record Mapping(String method, String path, boolean open) {}

  private static final String ELSEWHERE = "elsewhere";

  private final Guard<W> guard;
  private final Map<String, Map<String, BiFunction<ServerRequest, W, Mono<ServerResponse>>>>
      guarded = new LinkedHashMap<>();
  private final Map<String, Map<String, Function<ServerRequest, Mono<ServerResponse>>>> open =
      new LinkedHashMap<>();

  Routes(Guard<W> guard) {
    this.guard = guard;
  }

  void add(
      HttpMethod method, String path, BiFunction<ServerRequest, W, Mono<ServerResponse>> handler) {
    guarded.computeIfAbsent(path, key -> new TreeMap<>()).put(method.name(), handler);
  }

  /** For everybody, without a key. */
  void open(HttpMethod method, String path, Function<ServerRequest, Mono<ServerResponse>> handler) {
    open.computeIfAbsent(path, key -> new TreeMap<>()).put(method.name(), handler);
    guarded.computeIfAbsent(path, key -> new TreeMap<>());
  }

  List<Mapping> mappings() {
    List<Mapping> all = new ArrayList<>();
    guarded.forEach(
        (path, methods) -> methods.keySet().forEach(m -> all.add(new Mapping(m, path, false))));
    open.forEach(
        (path, methods) -> methods.keySet().forEach(m -> all.add(new Mapping(m, path, true))));
    return all;
  }

  RouterFunction<ServerResponse> build() {
    RouterFunctions.Builder router = RouterFunctions.route();
    guarded.forEach((path, methods) ->
        router.route(RequestPredicates.path(path), request -> handle(request, path, methods)));
    router.route(
        RequestPredicates.all(), request -> guarded(request, ELSEWHERE, (same, who) -> notFound()));
    return router.build();
  }

  private Mono<ServerResponse> handle(
      ServerRequest request,
      String path,
      Map<String, BiFunction<ServerRequest, W, Mono<ServerResponse>>> methods) {
    String method = request.method().name();
    var free = open.getOrDefault(path, Map.of());
    var handler = free.get(method);
    return handler != null
        ? handler.apply(request)
        : guarded(request, path, methods.getOrDefault(method, (same, who) -> notAllowed(path)));
  }

  private Mono<ServerResponse> guarded(
      ServerRequest request,
      String route,
      BiFunction<ServerRequest, W, Mono<ServerResponse>> handler) {
    return guard
        .check(request, route)
        .flatMap(result -> result.fold(who -> handler.apply(request, who), Replies::error));
  }

  private Mono<ServerResponse> notAllowed(String path) {
    List<String> methods = new ArrayList<>();
    for (Mapping each : mappings()) {
      if (each.path().equals(path)) {
        methods.add(each.method());
      }
    }
    methods.sort(null);
    return Replies.notAllowed(methods);
  }

  private static Mono<ServerResponse> notFound() {
    return Replies.error(Refusal.of(ErrorCode.NOT_FOUND, "there is nothing at this path"));
  }
}
