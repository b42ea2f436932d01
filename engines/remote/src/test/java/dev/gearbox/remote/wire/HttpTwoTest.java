package dev.gearbox.remote.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/** A server behind TLS that offers HTTP/2, known by a certificate that this machine trusts. */
class HttpTwoTest {
  private static final String PASSWORD = "password";
  private static final String TRUST = "javax.net.ssl.trustStore";

  @TempDir private static Path folder;
  private final Set<String> versions = ConcurrentHashMap.newKeySet();

  @BeforeAll
  static void certify() throws Exception {
    Path store = folder.resolve("store.p12");
    String[] command = {
      Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
      "-genkeypair",
      "-keyalg",
      "EC",
      "-dname",
      "CN=localhost",
      "-ext",
      "san=dns:localhost",
      "-keystore",
      store.toString(),
      "-storepass",
      PASSWORD
    };
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
    System.setProperty(TRUST, store.toString());
    System.setProperty(TRUST + "Password", PASSWORD);
  }

  @AfterAll
  static void forget() {
    System.clearProperty(TRUST);
    System.clearProperty(TRUST + "Password");
  }

  @Test
  void streamsGoOverItWhereItIsOffered() throws Exception {
    DisposableServer server = server(HttpProtocol.H2, HttpProtocol.HTTP11);
    assertThat(answers(server)).containsExactly("data: 1\n\n", "data: 1\n\n", "data: 1\n\n");
    assertThat(versions).containsExactly("HTTP/2.0");
  }

  @Test
  void aServerWithoutItGetsTheOlderProtocol() throws Exception {
    DisposableServer server = server(HttpProtocol.HTTP11);
    assertThat(answers(server)).hasSize(3);
    assertThat(versions).containsExactly("HTTP/1.1");
  }

  private static List<String> answers(DisposableServer server) {
    URI endpoint = URI.create("https://localhost:" + server.port());
    try (ServerClient client = new ServerClient(endpoint, 4, Duration.ofSeconds(5), null, null)) {
      byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
      Mono<String> one =
          client.stream("/v1/completions", body, Map.of())
              .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
              .reduce("", String::concat);
      String first = one.block(Duration.ofSeconds(30));
      List<String> others =
          Flux.merge(one, one).collectList().blockOptional(Duration.ofSeconds(30)).orElseThrow();
      return Stream.concat(Stream.of(String.valueOf(first)), others.stream()).toList();
    } finally {
      server.disposeNow();
    }
  }

  private DisposableServer server(HttpProtocol... protocols) throws Exception {
    KeyManagerFactory keys = keys();
    GenericSslContextSpec<?> certified =
        protocols.length > 1
            ? Http2SslContextSpec.forServer(keys)
            : Http11SslContextSpec.forServer(keys);
    return HttpServer.create()
        .host("localhost")
        .port(0)
        .protocol(protocols)
        .secure(spec -> spec.sslContext(certified))
        .handle((request, response) -> {
          versions.add(request.version().text());
          return response
              .header("content-type", "text/event-stream")
              .sendString(Mono.just("data: 1\n\n"));
        })
        .bindNow();
  }

  private static KeyManagerFactory keys() throws GeneralSecurityException {
    try (InputStream in = Files.newInputStream(folder.resolve("store.p12"))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, PASSWORD.toCharArray());
      return keys;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
