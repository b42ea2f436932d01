package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.gateway.security.AdminGate.Operator;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Credentials;
import dev.gearbox.gateway.security.Security;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Mono;

/** The guards of both ports: what a request shows, who that is, and a line where it is nobody. */
final class Guards {
  private static final int LEAST_REFUSED = 400;

  private final Security security;
  private final AuditLog audit;

  Guards(Security security) {
    this.security = security;
    this.audit = security.audit();
  }

  /** Who asks the API. */
  Mono<Result<Caller>> api(ServerRequest request, String route) {
    HttpHeaders headers = request.headers().asHttpHeaders();
    return security
        .caller(
            shown(request),
            headers.getFirst(HttpHeaders.ORIGIN),
            headers.getFirst(HttpHeaders.HOST))
        .doOnNext(result -> note("api", request, route, result));
  }

  /** Who administers. */
  Mono<Result<Operator>> admin(ServerRequest request, String route) {
    Result<Operator> result =
        route.equals(AdminApi.METRICS)
            ? security.admin().scraper(shown(request))
            : security.admin().operator(shown(request));
    note("admin", request, route, result);
    if (result instanceof Result.Ok<Operator>(Operator who) && changes(request.method())) {
      String what = request.method() + " " + route;
      audit.changed("admin", who.name(), "asked", java.util.Map.of("request", what));
    }
    return Mono.just(result);
  }

  private static boolean changes(HttpMethod method) {
    return !method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD);
  }

  private void note(String door, ServerRequest request, String route, Result<?> result) {
    if (result instanceof Result.Refused<?>(Refusal why) && why.status() >= LEAST_REFUSED) {
      audit.refused(
          door, address(request), request.method() + " " + route, why.status(), why.message());
    }
  }

  private static Credentials shown(ServerRequest request) {
    InetAddress from = request.remoteAddress().map(InetSocketAddress::getAddress).orElse(null);
    return new Credentials(
        from, request.headers().firstHeader("authorization"), request.queryParams().keySet());
  }

  private static String address(ServerRequest request) {
    return request
        .remoteAddress()
        .map(InetSocketAddress::getAddress)
        .map(InetAddress::getHostAddress)
        .orElse("unknown");
  }
}
