package dev.gearbox.gateway.cli;

import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** The floor that the gateway is measured against: reads a body, waits as long, answers as much. */
final class ConstantServer implements AutoCloseable {
  private final DisposableServer server;

  ConstantServer() {
    String words = ConstantEngine.WORD.repeat(ConstantEngine.TOKENS);
    String answer =
        Json.write(Map.of("object", "chat.completion", "id", "x".repeat(300), "content", words));
    String events = ("data: " + "x".repeat(200) + "\n\n").repeat(ConstantEngine.TOKENS + 2);
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .handle((request, response) ->
                request
                    .receive()
                    .aggregate()
                    .asString()
                    .flatMap(body -> {
                      boolean stream = body.contains("\"stream\":true");
                      String type = stream ? "text/event-stream" : "application/json";
                      return Mono.delay(ConstantEngine.DELAY)
                          .then(
                              response
                                  .header("content-type", type)
                                  .sendString(
                                      Mono.just(stream ? events + "data: [DONE]\n\n" : answer))
                                  .then());
                    }))
            .bindNow();
  }

  int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.disposeNow();
  }
}
