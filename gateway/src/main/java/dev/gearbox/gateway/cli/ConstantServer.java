package dev.gearbox.gateway.cli;

import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * The floor that the gateway is measured against: reads a body, waits as long, answers as much. Is
 * an OpenAI-compatible server as far as a remote pool needs one.
 */
final class ConstantServer implements AutoCloseable {
  private static final String MODELS = "{\"data\":[{\"id\":\"constant\"}]}";

  private final DisposableServer server;

  ConstantServer() {
    String words = ConstantEngine.WORD.repeat(ConstantEngine.TOKENS);
    String answer =
        Json.write(Map.of("object", "chat.completion", "id", "x".repeat(300), "content", words));
    String events =
        event(Map.of("delta", Map.of("content", ConstantEngine.WORD))).repeat(ConstantEngine.TOKENS)
            + event(Map.of("delta", Map.of(), "finish_reason", "length"))
            + "data: [DONE]\n\n";
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(routes ->
                routes
                    .get(
                        "/v1/models", (request, response) -> response.sendString(Mono.just(MODELS)))
                    .post(
                        "/v1/chat/completions",
                        (request, response) ->
                            request
                                .receive()
                                .aggregate()
                                .asString()
                                .delayElement(ConstantEngine.DELAY)
                                .flatMap(body -> {
                                  boolean stream = body.contains("\"stream\":true");
                                  return response
                                      .header(
                                          "content-type",
                                          stream ? "text/event-stream" : "application/json")
                                      .sendString(Mono.just(stream ? events : answer))
                                      .then();
                                })))
            .bindNow();
  }

  private static String event(Map<String, Object> choice) {
    return "data: "
        + Json.write(Map.of("id", "x".repeat(100), "model", "constant", "choices", List.of(choice)))
        + "\n\n";
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.disposeNow();
  }
}
