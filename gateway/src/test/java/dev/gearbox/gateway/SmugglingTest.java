package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that two servers in a row would read differently, and those that are too much. */
class SmugglingTest {
  private static final String HEAD = "POST /v1/completions HTTP/1.1|Host: localhost|";
  private static TestingServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestingServer.ready(Duration.ZERO);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** All that comes back until the other end closes, or says nothing for long. */
  private static String answer(String raw) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
      socket.setSoTimeout(15_000);
      socket.getOutputStream().write(raw.getBytes(StandardCharsets.ISO_8859_1));
      StringBuilder seen = new StringBuilder();
      try {
        for (int next = socket.getInputStream().read();
            next >= 0;
            next = socket.getInputStream().read()) {
          seen.append((char) next);
        }
        return seen + "<closed>";
      } catch (SocketTimeoutException e) {
        return seen + "<open>";
      } catch (IOException e) {
        return seen + "<reset>";
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 4|Transfer-Encoding: chunked||0||GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding: chunked|Content-Length: 4||0||GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding: xchunked|Content-Length: 2||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding: chunked|Transfer-Encoding: identity||0||GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding : chunked||0||GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: 2|Content-Length: 3||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: 2|Content-Length: 2||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: 2, 2||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: +2||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: -1||GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: 0x2||{}GET /v1/models HTTP/1.1|Host: localhost||",
        "Content-Length: 99999999999999999999||{}",
        "X: a\0b|Content-Length: 0||GET /v1/models HTTP/1.1|Host: localhost||",
        " folded: yes|Content-Length: 0||GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding: chunked||zz||GET /v1/models HTTP/1.1|Host: localhost||",
        "Transfer-Encoding: chunked||ffffffffffffffff||GET /v1/models HTTP/1.1|Host: localhost||",
      })
  void whatCanBeReadTwoWaysIsRefusedAndTheConnectionClosed(String rest) throws Exception {
    String seen = answer((HEAD + rest).replace("|", "\r\n"));

    assertThat(seen).startsWith("HTTP/1.1 4").doesNotContain("200 OK").endsWith("<closed>");
    assertThat(seen.split("HTTP/1.1 ", -1)).as("one answer at most: " + seen).hasSize(2);
  }

  @Test
  void aLineThatEndsInALoneLineFeedIsNone() throws Exception {
    for (String raw :
        new String[] {
          "GET /v1/models HTTP/1.1\nHost: localhost\n\n",
          "GET /v1/models HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"
        }) {
      assertThat(answer(raw)).as(raw).doesNotContain("200 OK").endsWith("<closed>");
    }
  }

  @Test
  void headersAndTargetsHaveTheirEdges() throws Exception {
    String fits = "x".repeat(7000);
    assertThat(
            answer(
                "GET /v1/models?a="
                    + fits
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
    assertThat(answer("GET /v1/models?a=" + fits + fits + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .startsWith("HTTP/1.1 414");
    assertThat(
            answer(
                "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: %s\r\nY: %s\r\n\r\n"
                    .formatted(fits, fits)))
        .startsWith("HTTP/1.1 200");
    assertThat(
            answer(
                "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX: %s\r\nY: %s\r\nZ: %s\r\n\r\n"
                    .formatted(fits, fits, fits)))
        .startsWith("HTTP/1.1 431");
  }

  @Test
  void bodiesAndTheirDepthHaveTheirEdges() throws Exception {
    int most = 1 << 20;
    String begin = "{\"model\":\"none\",\"prompt\":\"";
    String fits = begin + "a".repeat(most - begin.length() - 2) + "\"}";
    assertThat(server.post("/v1/completions", fits).statusCode()).isEqualTo(404);
    assertThat(server.post("/v1/completions", fits + " ").statusCode()).isEqualTo(413);
    String deep = "{\"model\":\"none\",\"prompt\":\"a\",\"metadata\":%s%s}";
    assertThat(
            server
                .post("/v1/completions", deep.formatted("[".repeat(60), "]".repeat(60)))
                .statusCode())
        .isEqualTo(404);
    assertThat(
            server
                .post("/v1/completions", deep.formatted("[".repeat(100_000), "]".repeat(100_000)))
                .statusCode())
        .isEqualTo(400);
    for (String gzip : new String[] {"gzip", "deflate", "br", "zstd"}) {
      assertThat(server.post("/v1/completions", "{}", "content-encoding", gzip).statusCode())
          .isEqualTo(415);
    }
  }
}
