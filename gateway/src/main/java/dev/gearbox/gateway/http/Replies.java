package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.stream.ErrorJson;
import dev.gearbox.telemetry.meter.Exposition;
import java.time.Duration;
import java.util.List;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Answers that are complete when they begin: JSON, and errors with the headers that SDKs obey. */
final class Replies {
  private static final int FIRST_RETRYABLE = 429;

  private Replies() {}

  static Mono<ServerResponse> json(int status, byte[] body) {
    return ServerResponse.status(status).contentType(MediaType.APPLICATION_JSON).bodyValue(body);
  }

  /**
   * Metrics in the format that the scraper likes best. Those of the process are read from files,
   * which no reactor thread may do.
   */
  static Mono<ServerResponse> metrics(Exposition exposition, ServerRequest request) {
    String type = exposition.contentType(request.headers().firstHeader("accept"));
    return Mono.fromCallable(() -> exposition.text(type))
        .subscribeOn(Schedulers.boundedElastic())
        .flatMap(text ->
            ServerResponse.ok().contentType(MediaType.parseMediaType(type)).bodyValue(text));
  }

  static Mono<ServerResponse> error(Refusal refusal) {
    return ServerResponse.status(refusal.status())
        .contentType(MediaType.APPLICATION_JSON)
        .headers(headers -> retry(headers, refusal))
        .bodyValue(ErrorJson.bytes(refusal));
  }

  /** To a method that a path does not take. */
  static Mono<ServerResponse> notAllowed(List<String> methods) {
    String taken = String.join(", ", methods);
    Refusal refusal = Refusal.of(ErrorCode.METHOD_NOT_ALLOWED, "this path takes " + taken);
    return ServerResponse.status(refusal.status())
        .contentType(MediaType.APPLICATION_JSON)
        .header(HttpHeaders.ALLOW, taken)
        .bodyValue(ErrorJson.bytes(refusal));
  }

  /** An error where a response is at hand that has not begun. */
  static Mono<Void> error(ServerHttpResponse response, Refusal refusal) {
    response.setStatusCode(HttpStatusCode.valueOf(refusal.status()));
    retry(response.getHeaders(), refusal);
    return write(response, ErrorJson.bytes(refusal));
  }

  static Mono<Void> write(ServerHttpResponse response, byte[] body) {
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    response.getHeaders().setContentLength(body.length);
    return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
  }

  /** SDKs send everything three times that is 429 or 5xx, unless they are told not to. */
  private static void retry(HttpHeaders headers, Refusal refusal) {
    Duration after = refusal.retryAfter();
    if (after != null) {
      long millis = Math.max(1, after.toMillis());
      headers.set("retry-after", Long.toString((millis + 999) / 1000));
      headers.set("retry-after-ms", Long.toString(millis));
      headers.set("x-should-retry", "true");
    } else if (refusal.status() >= FIRST_RETRYABLE) {
      headers.set("x-should-retry", "false");
    }
    if (refusal.decisionId() != null) {
      headers.set("x-gearbox-decision-id", refusal.decisionId());
    }
  }
}
