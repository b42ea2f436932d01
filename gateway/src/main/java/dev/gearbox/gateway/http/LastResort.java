package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Whatever nobody handled becomes an error object; what it was goes to the log, not its text. */
final class LastResort implements WebExceptionHandler {
  private static final System.Logger LOG = System.getLogger(LastResort.class.getName());

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(failure);
    }
    if (failure instanceof ResponseStatusException e && e.getStatusCode().is4xxClientError()) {
      return Replies.error(
          exchange.getResponse(), Refusal.invalid(null, "the request cannot be read"));
    }
    LOG.log(
        System.Logger.Level.ERROR,
        "event=request_failed path=" + exchange.getRequest().getPath().value(),
        failure);
    return Replies.error(
        exchange.getResponse(), Refusal.of(ErrorCode.INTERNAL_ERROR, "the gateway failed"));
  }
}
