package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * What every request to the admin port meets first. Whoever is on this machine may administer, and
 * a browser on it carries requests of any page: those of other pages are refused, and so is what
 * comes under a name that somebody made point here (DNS rebinding). Metrics, which scrapers ask for
 * by whatever name the machine has, and which tell no page anything, are not.
 */
final class SameOrigin implements WebFilter {
  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    HttpHeaders headers = request.getHeaders();
    String host = headers.getFirst(HttpHeaders.HOST);
    String origin = headers.getFirst(HttpHeaders.ORIGIN);
    boolean metrics = request.getURI().getRawPath().equals("/metrics");
    if (origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host)) {
      return refused(exchange, "requests of other pages are refused");
    }
    if (!metrics && host != null && !isLocal(host)) {
      return refused(exchange, "ask for localhost or an address of it, not for " + host);
    }
    return chain.filter(exchange);
  }

  private static boolean isLocal(String host) {
    String name = name(host);
    return name != null
        && (name.equals("localhost")
            || name.equals("[::1]")
            || name.matches("127(\\.\\d{1,3}){3}"));
  }

  private static @Nullable String name(String host) {
    try {
      return new URI("http://" + host).getHost();
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static Mono<Void> refused(ServerWebExchange exchange, String why) {
    return Replies.error(exchange.getResponse(), Refusal.of(ErrorCode.PERMISSION_DENIED, why));
  }
}
