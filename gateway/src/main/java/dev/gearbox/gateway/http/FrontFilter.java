package dev.gearbox.gateway.http;

import dev.gearbox.gateway.security.Security;
import java.net.URI;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * What every request meets first: its id, CORS, and a path without the slashes that clients double.
 */
final class FrontFilter implements WebFilter {
  /** Attribute with the id that the answer's {@code x-request-id} gives. */
  static final String REQUEST_ID = "gearbox.request-id";

  private static final String METHODS = "GET, POST, PUT, DELETE, HEAD, OPTIONS";
  private static final String EXPOSED =
      "x-request-id, x-gearbox-variant, x-gearbox-pool, x-gearbox-decision-id,"
          + " x-gearbox-overhead-ms, openai-processing-ms, retry-after, retry-after-ms,"
          + " x-should-retry, x-ratelimit-limit-requests, x-ratelimit-remaining-requests,"
          + " x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens,"
          + " x-ratelimit-reset-tokens";

  private final Security security;
  private final BooleanSupplier draining;
  private final BodyRoom room;

  FrontFilter(Security security, BooleanSupplier draining, BodyRoom room) {
    this.room = room;
    this.security = security;
    this.draining = draining;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    String id = requestId(request.getHeaders().getFirst("x-request-id"));
    exchange.getAttributes().put(REQUEST_ID, id);
    HttpHeaders headers = exchange.getResponse().getHeaders();
    headers.set("x-request-id", id);
    if (draining.getAsBoolean()) {
      // The client's next request is to go to somebody who stays.
      headers.set(HttpHeaders.CONNECTION, "close");
    }
    share(request.getHeaders(), headers);
    if (HttpMethod.OPTIONS.equals(request.getMethod())) {
      return preflight(exchange, request, headers);
    }
    String path = request.getURI().getRawPath();
    if (path.contains("//")) {
      URI uri = request.getURI();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      URI single = URI.create(path.replaceAll("/{2,}", "/") + query);
      exchange = exchange.mutate().request(builder -> builder.uri(single)).build();
    }
    return room.around(exchange, chain.filter(exchange));
  }

  /** Says which page may read the answer. */
  private void share(HttpHeaders asked, HttpHeaders answer) {
    String origin = asked.getFirst(HttpHeaders.ORIGIN);
    String reader =
        origin == null ? null : security.readableBy(origin, asked.getFirst(HttpHeaders.HOST));
    answer.add(HttpHeaders.VARY, HttpHeaders.ORIGIN);
    if (reader != null) {
      answer.set("access-control-allow-origin", reader);
      answer.set("access-control-expose-headers", EXPOSED);
    }
  }

  private static Mono<Void> preflight(
      ServerWebExchange exchange, ServerHttpRequest request, HttpHeaders headers) {
    String asked = request.getHeaders().getFirst("access-control-request-headers");
    if (headers.containsHeader("access-control-allow-origin")) {
      headers.set("access-control-allow-methods", METHODS);
      headers.set("access-control-allow-headers", asked == null ? "*" : asked);
      headers.set("access-control-max-age", "86400");
    }
    exchange.getResponse().setStatusCode(HttpStatus.NO_CONTENT);
    return exchange.getResponse().setComplete();
  }

  private static String requestId(@Nullable String given) {
    // Not a secret, and a secure one would read a file on a reactor thread.
    var random = ThreadLocalRandom.current();
    return given != null && given.matches("[A-Za-z0-9._:/+=-]{1,128}")
        ? given
        : "req-%016x%08x".formatted(random.nextLong(), random.nextInt());
  }
}
