package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.ErrorCode;
import dev.gearbox.gateway.api.Refusal;
import dev.gearbox.gateway.console.Audience;
import dev.gearbox.gateway.console.Console;
import dev.gearbox.gateway.console.ConsoleFiles;
import dev.gearbox.policy.decide.Decision;
import dev.gearbox.policy.decide.DecisionRecord;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The console's page, its one stream, and records for who looks one up; on either port. */
final class ConsoleApi {
  private static final int MOST_LISTED = 200;
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

  /** Adds a route for who may look. */
  @FunctionalInterface
  interface Add {
    void add(
        HttpMethod method,
        String path,
        BiFunction<ServerRequest, Audience, Mono<ServerResponse>> handler);
  }

  private final Console console;
  private final DecisionsJson decisions;
  private final ConsoleFiles files = new ConsoleFiles();

  ConsoleApi(Console console, DecisionsJson decisions) {
    this.console = console;
    this.decisions = decisions;
  }

  /** Whether a page is asked for, rather than by a program that looks whether anybody is there. */
  static boolean isBrowser(ServerRequest request) {
    String accept = request.headers().firstHeader("accept");
    return accept != null && accept.contains("text/html");
  }

  /**
   * The page. Nothing in it is run but the files beside it, whatever is named how.
   *
   * @param reached sources in the sense of {@code connect-src} that it may ask
   */
  Mono<ServerResponse> page(String reached) {
    return file(ConsoleFiles.PAGE, reached);
  }

  /** What the page is made of, which is no secret. */
  void files(Routes<?> routes) {
    routes.open(
        HttpMethod.GET, "/console/{file}", request -> file(request.pathVariable("file"), "'none'"));
  }

  void routes(Add routes) {
    routes.add(
        HttpMethod.GET,
        "/console/events",
        (request, audience) ->
            Mono.just(
                new DirectResponse(
                    HttpStatus.OK, exchange -> events(exchange.getResponse(), audience))));
    routes.add(
        HttpMethod.GET,
        "/console/rules",
        (request, audience) -> Replies.json(200, console.rules()));
    routes.add(HttpMethod.GET, "/console/decisions", this::search);
    routes.add(
        HttpMethod.GET,
        "/console/decisions/{id}",
        (request, audience) -> decision(request, audience, console::decision));
    routes.add(
        HttpMethod.POST,
        "/console/decisions/{id}/replay",
        (request, audience) -> decision(request, audience, decisions::replay));
  }

  /** Ends a request on its way. */
  Mono<ServerResponse> end(ServerRequest request) {
    return console.lanes().end(request.pathVariable("id"))
        ? ServerResponse.noContent().build()
        : Replies.error(Refusal.of(ErrorCode.NOT_FOUND, "no request of this id is on its way"));
  }

  byte[] preview(DecisionRecord made) {
    return console.decision(made);
  }

  private Mono<ServerResponse> file(String name, String reached) {
    ConsoleFiles.File file = files.find(name);
    if (file == null) {
      return Replies.error(Refusal.of(ErrorCode.NOT_FOUND, "there is nothing at this path"));
    }
    return ServerResponse.ok()
        .contentType(MediaType.parseMediaType(file.type()))
        .headers(headers -> {
          headers.set(
              "content-security-policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
                  + reached
                  + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
          headers.set("x-content-type-options", "nosniff");
          headers.set("referrer-policy", "no-referrer");
          headers.set("cache-control", "no-cache");
        })
        .bodyValue(file.content());
  }

  private Mono<Void> events(ServerHttpResponse response, Audience audience) {
    response.getHeaders().setContentType(MediaType.parseMediaType("text/event-stream"));
    response.getHeaders().set("cache-control", "no-cache");
    response.getHeaders().set("x-accel-buffering", "no");
    DataBufferFactory buffers = response.bufferFactory();
    Flux<Mono<DataBuffer>> written =
        console.stream(audience)
            .map(json ->
                Mono.just(
                    buffers.join(
                        List.of(buffers.wrap(DATA), buffers.wrap(json), buffers.wrap(END)))));
    return response
        .writeAndFlushWith(written)
        .onErrorResume(
            IllegalStateException.class,
            failure ->
                response.isCommitted()
                    ? Mono.error(failure)
                    : Replies.error(
                        response,
                        Refusal.of(ErrorCode.OVERLOADED, String.valueOf(failure.getMessage()))));
  }

  /** {@code class}, {@code model}, {@code variant}, {@code outcome} and {@code rule} narrow it. */
  private Mono<ServerResponse> search(ServerRequest request, Audience audience) {
    Predicate<DecisionRecord> wanted =
        asked(request, "class", made -> made.request().serviceClass().name())
            .and(asked(request, "model", made -> made.request().model()))
            .and(asked(request, "variant", ConsoleApi::variant))
            .and(asked(request, "outcome", ConsoleApi::outcome));
    String rule = request.queryParam("rule").orElse("");
    return Replies.json(
        200,
        console.rows(
            decisions.latest(
                MOST_LISTED,
                made ->
                    audience.sees(made)
                        && wanted.test(made)
                        && (rule.isEmpty()
                            || made.rules().stream().anyMatch(each -> each.rule().equals(rule))))));
  }

  private static Predicate<DecisionRecord> asked(
      ServerRequest request, String name, Function<DecisionRecord, String> of) {
    String value = request.queryParam(name).orElse("");
    return made -> value.isEmpty() || of.apply(made).equals(value);
  }

  private static String variant(DecisionRecord made) {
    return made.decision() instanceof Decision.Route route ? route.variant() : "";
  }

  /** {@code met}, {@code missed}, {@code refused} or {@code running}. */
  private static String outcome(DecisionRecord made) {
    if (made.decision() instanceof Decision.Refuse) {
      return "refused";
    }
    if (made.actual() == null) {
      return "running";
    }
    Boolean met = made.actual().met().get("all");
    return met == null ? "" : met ? "met" : "missed";
  }

  private Mono<ServerResponse> decision(
      ServerRequest request, Audience audience, Function<DecisionRecord, byte[]> as) {
    return decisions.reply(request.pathVariable("id"), audience::sees, as);
  }
}
