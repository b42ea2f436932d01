package dev.gearbox.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.gateway.security.Security;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;

/** What a port bears of its clients. */
class HttpListenerTest {
  @Test
  void whoStopsReadingIsCutOffAfterTheWriteIdleTime() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    String block = "x".repeat(64 * 1024);
    RouterFunction<ServerResponse> endless =
        RouterFunctions.route(
            RequestPredicates.GET("/"),
            request ->
                ServerResponse.ok()
                    .body(
                        Flux.<String>generate(sink -> sink.next(block)).doOnCancel(left::countDown),
                        String.class));
    Security open = Security.of(List.of(), true);
    var patience =
        new HttpListener.Patience(
            Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofMillis(300));
    try (HttpListener listener =
            HttpListener.start(
                "127.0.0.1",
                0,
                endless,
                new FrontFilter(open, () -> false),
                () -> false,
                patience,
                open,
                false);
        Socket stalled = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      stalled
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(left.await(30, TimeUnit.SECONDS)).as("the answer was given up").isTrue();
    }
  }
}
