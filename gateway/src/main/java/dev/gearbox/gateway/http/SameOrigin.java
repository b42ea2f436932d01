package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.Security;
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
 * by whatever name the machine has, and which tell no page anything, are not. Where every request
 * shows a key, its name does not matter.
 */
final class SameOrigin implements WebFilter {
  private final Security security;

  SameOrigin(Security security) {
    this.security = security;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    HttpHeaders headers = request.getHeaders();
    String host = headers.getFirst(HttpHeaders.HOST);
    String origin = headers.getFirst(HttpHeaders.ORIGIN);
    boolean anyName =
        security.admin().isKeyed() || request.getURI().getRawPath().equals(AdminApi.METRICS);
    if (origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host)) {
      return refused(exchange, "requests of other pages are refused");
    }
    if (!anyName && host != null && !Origins.LOCAL.knows(host)) {
      return refused(exchange, "ask for localhost or an address of it");
    }
    return chain.filter(exchange);
  }

  private Mono<Void> refused(ServerWebExchange exchange, String why) {
    var from = exchange.getRequest().getRemoteAddress();
    security
        .audit()
        .refused(
            "admin",
            from == null ? "unknown" : from.getAddress().getHostAddress(),
            exchange.getRequest().getMethod().name(),
            ErrorCode.PERMISSION_DENIED.status(),
            why);
    return Replies.error(exchange.getResponse(), Refusal.of(ErrorCode.PERMISSION_DENIED, why));
  }
}
