package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.AnswerKind;
import dev.gearbox.gateway.api.Caller;
import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.InferenceRequest;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.api.RequestParser;
import dev.gearbox.gateway.api.Result;
import dev.gearbox.policy.decide.DecisionRecord;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/** The two endpoints that generate, and the preview that only decides. */
final class InferenceHandler {
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final RequestParser parser;
  private final BodyReader bodies;
  private final LineResponse responses;
  private final Function<InferenceRequest, Mono<Result<DecisionRecord>>> preview;
  private final LongSupplier clock;

  InferenceHandler(
      RequestParser parser,
      BodyReader bodies,
      LineResponse responses,
      Function<InferenceRequest, Mono<Result<DecisionRecord>>> preview,
      LongSupplier clock) {
    this.parser = parser;
    this.bodies = bodies;
    this.responses = responses;
    this.preview = preview;
    this.clock = clock;
  }

  Mono<ServerResponse> generate(AnswerKind kind, ServerRequest request, Caller caller) {
    return parse(request, caller, body -> kind)
        .flatMap(
            parsed -> parsed.fold(inference -> Mono.just(streamed(inference)), Replies::error));
  }

  Mono<ServerResponse> preview(
      ServerRequest request, Caller caller, Function<DecisionRecord, byte[]> shown) {
    return parse(
            request, caller, body -> body.has("messages") ? AnswerKind.CHAT : AnswerKind.COMPLETION)
        .flatMap(parsed ->
            parsed.<Mono<Result<DecisionRecord>>>fold(
                preview, refusal -> Mono.just(Result.refused(refusal))))
        .flatMap(made ->
            made.<Mono<ServerResponse>>fold(
                record -> Replies.json(200, shown.apply(record)), Replies::error));
  }

  private Mono<Result<InferenceRequest>> parse(
      ServerRequest request, Caller caller, Function<ObjectNode, AnswerKind> kind) {
    long arrived = clock.getAsLong();
    if (HttpListener.isLate(request.exchange().getRequest())) {
      return Mono.just(
          Result.refused(
              Refusal.later(ErrorCode.OVERLOADED, "the server is shutting down", RETRY)));
    }
    Function<String, @Nullable String> headers = request.headers()::firstHeader;
    return bodies
        .read(request)
        .map(read ->
            read.fold(
                body -> parser.parse(id(), kind.apply(body), body, headers, caller, arrived),
                Result::refused));
  }

  private ServerResponse streamed(InferenceRequest request) {
    return new DirectResponse(
        HttpStatus.OK, exchange -> responses.write(request, exchange.getResponse()));
  }

  private static String id() {
    var random = ThreadLocalRandom.current();
    return "%016x%08x".formatted(random.nextLong(), random.nextInt());
  }
}
