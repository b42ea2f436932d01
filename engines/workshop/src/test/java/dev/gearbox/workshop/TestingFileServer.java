package dev.gearbox.workshop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A file server that can misbehave the way real ones do. */
final class TestingFileServer implements AutoCloseable {
  final byte[] content;
  final List<String> ranges = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  /** Break the connection after this many bytes of a body, as often as {@code cuts} says. */
  volatile int cutAfter;

  final AtomicInteger cuts = new AtomicInteger();
  volatile boolean honoursRanges = true;
  volatile int status = 200;

  TestingFileServer(byte[] content) throws IOException {
    this.content = content;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  String source() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/weights.gguf";
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    ranges.add(String.valueOf(range));
    int from = 0;
    int answered = status;
    if (range != null && honoursRanges && status == 200) {
      from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      answered = 206;
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    }
    byte[] body = status == 200 ? Arrays.copyOfRange(content, from, content.length) : new byte[0];
    exchange.sendResponseHeaders(answered, body.length == 0 ? -1 : body.length);
    int length = body.length;
    if (cuts.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      length = Math.min(cutAfter, body.length);
    }
    exchange.getResponseBody().write(body, 0, length);
    exchange.getResponseBody().flush();
    // A body that is shorter than announced breaks the connection.
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
