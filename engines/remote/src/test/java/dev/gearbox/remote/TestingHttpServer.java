package dev.gearbox.remote;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A server that answers looks as it should and generations as it is told to, byte for byte. It can
 * be stopped and started again on the same port.
 */
final class TestingHttpServer implements AutoCloseable {
  static final String MODEL = "test-model";

  /** What it does with a generation once it has read the request. */
  interface Script {
    void answer(Connection connection) throws IOException, InterruptedException;
  }

  private final int port;
  private final Script script;
  private final List<Socket> sockets = new ArrayList<>();
  final List<String> requests = new CopyOnWriteArrayList<>();
  final CountDownLatch left = new CountDownLatch(1);
  volatile String metrics = "";
  volatile boolean silent;
  private volatile ServerSocket listener;

  TestingHttpServer(Script script) throws IOException {
    this.script = script;
    this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    this.port = listener.getLocalPort();
    listen(listener);
  }

  private void listen(ServerSocket on) {
    Thread.ofVirtual()
        .start(() -> {
          while (!on.isClosed()) {
            try {
              Socket socket = on.accept();
              // One that was taken while the server was killed dies with it.
              synchronized (sockets) {
                if (on.isClosed()) {
                  reset(socket);
                  return;
                }
                sockets.add(socket);
              }
              Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
              return; // it was stopped
            }
          }
        });
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Resets every connection and listens no more: what kill -9 looks like from outside. */
  void kill() throws IOException {
    listener.close();
    synchronized (sockets) {
      for (Socket socket : sockets) {
        reset(socket);
      }
      sockets.clear();
    }
  }

  private static void reset(Socket socket) throws IOException {
    try (socket) {
      socket.setSoLinger(true, 0);
    } catch (SocketException e) {
      // it was closed already
    }
  }

  void restart() throws IOException {
    ServerSocket again = new ServerSocket();
    again.setReuseAddress(true);
    again.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
    listener = again;
    listen(again);
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        String body = body(head, in);
        if (head.startsWith("POST")) {
          requests.add(head + body);
          Connection connection = new Connection(socket, out, body);
          script.answer(connection);
          if (in.read() < 0) {
            left.countDown();
          }
          return;
        }
        if (silent) {
          Thread.sleep(60_000);
        }
        page(head, out);
      }
    } catch (IOException | InterruptedException e) {
      left.countDown(); // the other side has gone
    }
  }

  private void page(String head, OutputStream out) throws IOException {
    String path = head.substring(4, head.indexOf(' ', 4));
    String page =
        switch (path) {
          case "/health" -> "";
          case "/metrics" -> metrics;
          default ->
              "{\"object\":\"list\",\"data\":[{\"id\":\"%s\",\"max_model_len\":2048}]}"
                  .formatted(MODEL);
        };
    byte[] bytes = page.getBytes(StandardCharsets.UTF_8);
    out.write(
        "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"
            .formatted(bytes.length)
            .getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.flush();
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int next;
    while ((next = in.read()) >= 0) {
      head.write(next);
      if (next == '\n' && head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
        return head.toString(StandardCharsets.US_ASCII);
      }
    }
    return "";
  }

  private static String body(String head, InputStream in) throws IOException {
    for (String line : head.split("\r\n", -1)) {
      if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
        int length = Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  /** One generation that is to be answered. */
  static final class Connection {
    private final Socket socket;
    private final OutputStream out;
    final String body;

    Connection(Socket socket, OutputStream out, String body) {
      this.socket = socket;
      this.out = out;
      this.body = body;
    }

    Connection send(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
      return this;
    }

    /** The head of an event stream that ends with the connection. */
    Connection begin() throws IOException {
      return send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
    }

    Connection token(int id, String text) throws IOException {
      return send(
          "data: {\"choices\":[{\"index\":0,\"text\":\"%s\",\"token_ids\":[%d],\"finish_reason\":null}]}\n\n"
              .formatted(text, id));
    }

    Connection end(int tokens) throws IOException {
      return send(
          """
          data: {"choices":[{"index":0,"text":"","finish_reason":"length"}]}

          data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":%d,"prompt_tokens_details":{"cached_tokens":1}}}

          data: [DONE]

          """
              .formatted(tokens));
    }

    void fin() throws IOException {
      socket.shutdownOutput();
    }

    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    void pause(long millis) throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(millis);
    }
  }

  @Override
  public void close() throws IOException {
    kill();
  }
}
