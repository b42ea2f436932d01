package dev.gearbox.gateway.http;

import static java.net.http.HttpResponse.BodyHandlers.ofString;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.security.Security;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
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
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** What a port bears of its clients. */
class HttpListenerTest {
  private static final byte[] GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(US_ASCII);
  private static final int ROOM = 1_000_000;
  private static final RouterFunction<ServerResponse> HELLO =
      RouterFunctions.route(
          RequestPredicates.GET("/"), request -> ServerResponse.ok().bodyValue("hello"));

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
    try (HttpListener listener = listener(endless, Duration.ofSeconds(60), Duration.ofMillis(300));
        Socket stalled = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      stalled.getOutputStream().write(GET);

      assertThat(left.await(30, TimeUnit.SECONDS)).as("the answer was given up").isTrue();
    }
  }

  @Test
  void whoSendsAHeadByteByByteIsCutOff() throws Exception {
    try (HttpListener listener = listener(HELLO, Duration.ofMillis(500), Duration.ofSeconds(60));
        Socket slow = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      slow.setSoTimeout(30_000);
      slow.setTcpNoDelay(true);
      slow.getOutputStream().write(GET);
      assertThat(answer(slow)).as("a whole request first").endsWith("hello");

      byte[] head = ("GET / HTTP/1.1\r\nhost: " + "x".repeat(2000)).getBytes(US_ASCII);
      assertThatThrownBy(
              () -> {
                for (byte each : head) {
                  slow.getOutputStream().write(each);
                  Thread.sleep(20);
                }
              })
          .as("cut off long before its 40 seconds")
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void whoAsksAgainInTimeIsKept() throws Exception {
    try (HttpListener listener = listener(HELLO, Duration.ofSeconds(2), Duration.ofSeconds(60));
        Socket kept = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      kept.setSoTimeout(30_000);
      for (int i = 0; i < 8; i++) {
        kept.getOutputStream().write(GET);
        assertThat(answer(kept)).as("request " + i).endsWith("hello");
        Thread.sleep(500);
      }
    }
  }

  @Test
  void largeBodiesWaitOutsideUntilThereIsRoomAndSmallOnesDoNot() throws Exception {
    var read = new CountDownLatch(1);
    Sinks.One<String> answer = Sinks.one();
    var room = new BodyRoom(ROOM);
    var bodies = new BodyReader(ROOM, room, Schedulers.immediate());
    RouterFunction<ServerResponse> routes =
        RouterFunctions.route(
            RequestPredicates.POST("/{name}"),
            request ->
                bodies
                    .read(request)
                    .flatMap(body ->
                        body.fold(
                            json -> {
                              boolean first = request.pathVariable("name").equals("first");
                              read.countDown();
                              return ServerResponse.ok()
                                  .body(first ? answer.asMono() : Mono.just("read"), String.class);
                            },
                            Replies::error)));
    HttpClient client = HttpClient.newHttpClient();
    try (HttpListener listener =
        listener(routes, Duration.ofSeconds(60), Duration.ofSeconds(60), room)) {
      var first = client.sendAsync(post(listener, "first", 500_000, true), ofString());
      assertThat(read.await(30, TimeUnit.SECONDS)).isTrue();

      for (boolean declared : List.of(true, false)) {
        HttpResponse<String> large =
            client.send(post(listener, "large", 500_000, declared), ofString());
        assertThat(large.statusCode()).isEqualTo(503);
        assertThat(large.headers().firstValue("retry-after")).isPresent();
      }
      assertThat(client.send(post(listener, "small", 1000, true), ofString()).statusCode())
          .isEqualTo(200);
      assertThat(client.send(post(listener, "huge", 900_000, true), ofString()).statusCode())
          .isEqualTo(413);

      answer.tryEmitValue("over");
      assertThat(first.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      HttpResponse<String> then = client.send(post(listener, "large", 500_000, false), ofString());
      assertThat(then.statusCode()).isEqualTo(200);
    }
  }

  private static HttpRequest post(HttpListener to, String name, int bytes, boolean declared) {
    byte[] body = ("{\"a\":\"" + "x".repeat(bytes) + "\"}").getBytes(US_ASCII);
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to.port() + "/" + name))
        .version(HttpClient.Version.HTTP_1_1)
        .POST(
            declared
                ? BodyPublishers.ofByteArray(body)
                : BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)))
        .build();
  }

  private static String answer(Socket socket) throws IOException {
    byte[] buffer = new byte[4096];
    StringBuilder text = new StringBuilder();
    while (!text.toString().endsWith("hello")) {
      int read = socket.getInputStream().read(buffer);
      if (read < 0) {
        return text + " and then nothing";
      }
      text.append(new String(buffer, 0, read, US_ASCII));
    }
    return text.toString();
  }

  private static HttpListener listener(
      RouterFunction<ServerResponse> routes, Duration idle, Duration write) throws IOException {
    return listener(routes, idle, write, new BodyRoom(ROOM));
  }

  private static HttpListener listener(
      RouterFunction<ServerResponse> routes, Duration idle, Duration write, BodyRoom room)
      throws IOException {
    Security open = Security.of(List.of(), true);
    return HttpListener.start(
        "127.0.0.1",
        0,
        routes,
        new FrontFilter(open, () -> false, room),
        () -> false,
        new HttpListener.Patience(Duration.ofSeconds(60), idle, write),
        open,
        false);
  }
}
