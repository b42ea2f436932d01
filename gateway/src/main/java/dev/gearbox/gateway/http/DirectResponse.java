package dev.gearbox.gateway.http;

import java.util.function.Function;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * A response that writes itself, and decides its status and headers only then.
 *
 * @param statusCode unless the writer sets another
 * @param writer writes to the exchange
 */
record DirectResponse(HttpStatusCode statusCode, Function<ServerWebExchange, Mono<Void>> writer)
    implements ServerResponse {
  @Override
  public HttpHeaders headers() {
    return new HttpHeaders();
  }

  @Override
  public MultiValueMap<String, ResponseCookie> cookies() {
    return MultiValueMap.fromSingleValue(java.util.Map.of());
  }

  @Override
  public Mono<Void> writeTo(ServerWebExchange exchange, Context context) {
    return writer.apply(exchange);
  }
}
