package dev.gearbox.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.gateway.security.AdminGate;
import dev.gearbox.gateway.security.AuditLog;
import dev.gearbox.gateway.security.Gatekeeper;
import dev.gearbox.gateway.security.LiveSslContext;
import dev.gearbox.gateway.security.Origins;
import dev.gearbox.gateway.security.PromptLog;
import dev.gearbox.gateway.security.Security;
import dev.gearbox.gateway.security.TlsFiles;
import dev.gearbox.gateway.watch.FileWatch;
import dev.gearbox.remote.wire.ServerClient;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates of both ends: shown, asked for, changed while streams run, and refused. */
class TlsTest {
  @TempDir private Path folder;
  private final X509Bundle authority = authority("CN=authority");
  private final FileWatch watch = new FileWatch();
  private @Nullable AuditLog audit;

  @BeforeEach
  void begin() throws Exception {
    audit = AuditLog.open(folder.resolve("audit.jsonl"), 1 << 20, 1, InstantSource.system());
    write("server", issued(authority, "CN=first", Instant.now().plusSeconds(86400)));
    Files.writeString(folder.resolve("ca.pem"), authority.getCertificatePEM());
  }

  @AfterEach
  void end() {
    watch.close();
    audit().close();
  }

  private AuditLog audit() {
    if (audit == null) {
      throw new IllegalStateException("begin came first");
    }
    return audit;
  }

  private static X509Bundle authority(String name) {
    try {
      return new CertificateBuilder()
          .ecp256()
          .subject(name)
          .setIsCertificateAuthority(true)
          .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509Bundle issued(X509Bundle by, String name, Instant until) throws Exception {
    return new CertificateBuilder()
        .ecp256()
        .subject(name)
        .addSanDnsName("localhost")
        .notBefore(Instant.now().minusSeconds(86400))
        .notAfter(until)
        .buildIssuedBy(by);
  }

  private void write(String name, X509Bundle certificate) throws IOException {
    Files.writeString(folder.resolve(name + ".pem"), certificate.getCertificatePathPEM());
    Files.writeString(folder.resolve(name + ".key"), certificate.getPrivateKeyPEM());
  }

  private TlsFiles files(String name, @Nullable String ca) {
    return new TlsFiles(
        folder.resolve(name + ".pem"),
        folder.resolve(name + ".key"),
        ca == null ? null : folder.resolve(ca));
  }

  private TestingServer server(@Nullable String ca) throws Exception {
    return TestingServer.behind(
        new Security(
            new Gatekeeper(List.of(), true),
            null,
            new Security.Tls(
                LiveSslContext.server(files("server", ca), ClientAuth.REQUIRE, watch, audit()),
                true),
            AdminGate.LOCAL,
            Origins.LOCAL,
            audit(),
            new PromptLog(false),
            List.of()));
  }

  /** What clients of the JDK show and trust. */
  private SSLContext client(@Nullable X509Bundle shown) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    javax.net.ssl.KeyManager[] keys = null;
    if (shown != null) {
      var factory =
          javax.net.ssl.KeyManagerFactory.getInstance(
              javax.net.ssl.KeyManagerFactory.getDefaultAlgorithm());
      factory.init(shown.toKeyStore("x".toCharArray()), "x".toCharArray());
      keys = factory.getKeyManagers();
    }
    context.init(keys, authority.toTrustManagerFactory().getTrustManagers(), null);
    return context;
  }

  private static SSLSocket connect(SSLContext context, int port) throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
    socket.setSoTimeout(30_000);
    socket.startHandshake();
    return socket;
  }

  private static String subject(SSLSocket socket) throws IOException {
    return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
        .getSubjectX500Principal()
        .getName();
  }

  private static String answer(SSLSocket socket, String head, String until) throws IOException {
    socket
        .getOutputStream()
        .write((head + "\r\nhost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    return TestingServer.readUntil(socket, until);
  }

  private void awaitAudit(TestingServer server, String text) throws Exception {
    server.await(() -> read(folder.resolve("audit.jsonl")).contains(text));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aStreamSurvivesNewCertificatesAndTheNextConnectionSeesThem() throws Exception {
    try (TestingServer server = server(null);
        SSLSocket stream = connect(client(null), server.server.port())) {
      assertThat(subject(stream)).isEqualTo("CN=first");
      String body =
          "{\"model\":\"auto\",\"stream\":true,\"max_tokens\":900,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
      server.engine.pace = Duration.ofMillis(5);
      stream
          .getOutputStream()
          .write(
              "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                  .formatted(body.length(), body)
                  .getBytes(StandardCharsets.US_ASCII));
      TestingServer.readUntil(stream, "w0");

      write("server", issued(authority, "CN=second", Instant.now().plusSeconds(86400)));
      awaitAudit(server, "\"what\":\"certificates\",\"who\":\"file\",\"outcome\":\"done\"");
      try (SSLSocket next = connect(client(null), server.server.port());
          SSLSocket admin = connect(client(null), server.server.adminPort())) {
        assertThat(subject(next)).isEqualTo("CN=second");
        assertThat(subject(admin)).isEqualTo("CN=second");
        assertThat(answer(next, "GET /v1/models HTTP/1.1", "test-small")).contains("200 OK");
        assertThat(answer(admin, "GET /admin/pools HTTP/1.1", "engines")).contains("200 OK");
      }
      TestingServer.readUntil(stream, "data: [DONE]");
    }
  }

  @Test
  void filesThatCannotBeUsedChangeNothing() throws Exception {
    try (TestingServer server = server(null)) {
      write("server", issued(authority, "CN=late", Instant.now().minusSeconds(60)));
      awaitAudit(server, "expired at");
      Files.writeString(folder.resolve("server.pem"), "no certificate");
      awaitAudit(server, "has no certificate in PEM");
      try (SSLSocket next = connect(client(null), server.server.port())) {
        assertThat(subject(next)).isEqualTo("CN=first");
      }
    }
    write("server", issued(authority, "CN=x", Instant.now().plusSeconds(60)));
    Files.writeString(
        folder.resolve("server.key"),
        issued(authority, "CN=y", Instant.now().plusSeconds(60)).getPrivateKeyPEM());
    assertThatThrownBy(() -> server(null)).hasMessageContaining("is not that of the certificate");
    Files.delete(folder.resolve("server.key"));
    assertThatThrownBy(() -> server(null)).hasMessageContaining("cannot read the key");
  }

  @Test
  void clientsShowACertificateThatIsTrustedAndValid() throws Exception {
    try (TestingServer server = server("ca.pem")) {
      int port = server.server.port();
      X509Bundle good = issued(authority, "CN=client", Instant.now().plusSeconds(3600));
      try (SSLSocket socket = connect(client(good), port)) {
        assertThat(answer(socket, "GET /v1/models HTTP/1.1", "test-small")).contains("200 OK");
      }
      turnedAway(server, null, "no certificate was shown");
      turnedAway(
          server, issued(authority, "CN=old", Instant.now().minusSeconds(60)), "has expired");
      turnedAway(
          server,
          issued(authority("CN=authority"), "CN=client", Instant.now().plusSeconds(3600)),
          "signature check failed");

      X509Bundle other = authority("CN=other");
      Files.writeString(folder.resolve("ca.pem"), other.getCertificatePEM());
      awaitAudit(server, "\"outcome\":\"done\"");
      // Clients show nothing to whom trusts none of theirs.
      turnedAway(server, good, "no certificate was shown");
    }
  }

  private void turnedAway(TestingServer server, @Nullable X509Bundle shown, String why)
      throws Exception {
    long before = read(folder.resolve("audit.jsonl")).lines().count();
    assertThatThrownBy(
            () -> {
              try (SSLSocket socket = connect(client(shown), server.server.port())) {
                answer(socket, "GET /v1/models HTTP/1.1", "test-small");
              }
            })
        .isInstanceOfAny(SSLException.class, IOException.class, AssertionError.class);
    server.await(() ->
        read(folder.resolve("audit.jsonl"))
            .lines()
            .skip(before)
            .anyMatch(line -> line.contains("\"door\":\"tls\"") && line.contains(why)));
  }

  @Test
  void anEngineIsTrustedByItsAuthorityAndSeesOurCertificate() throws Exception {
    try (TestingServer server = server("ca.pem")) {
      write("client", issued(authority, "CN=gateway", Instant.now().plusSeconds(3600)));
      URI engine = URI.create("https://localhost:" + server.server.port());
      SslContext tls = LiveSslContext.client(files("client", "ca.pem"), watch, audit());
      assertThat(page(engine, tls)).contains("test-small");

      X509Bundle other = authority("CN=other");
      Files.writeString(folder.resolve("other.pem"), other.getCertificatePEM());
      SslContext wary = LiveSslContext.client(files("client", "other.pem"), watch, audit());
      assertThatThrownBy(() -> page(engine, wary))
          .hasMessageContaining("of no authority that is trusted here");
      assertThatThrownBy(() -> page(URI.create("https://127.0.0.1:" + server.server.port()), tls))
          .as("of another name")
          .hasMessageContaining("certificate is not accepted");

      write("client", issued(other, "CN=gateway", Instant.now().plusSeconds(3600)));
      // Certificate and key change one after the other, and are taken when they fit.
      server.await(() -> failure(engine, tls).contains("no secure connection"));
    }
  }

  /** Why a page cannot be had; empty when it can. */
  private static String failure(URI server, SslContext tls) {
    try {
      page(server, tls);
      return "";
    } catch (RuntimeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static String page(URI server, SslContext tls) {
    try (ServerClient client = new ServerClient(server, 2, Duration.ofSeconds(5), null, tls)) {
      byte[] body =
          client
              .page(server.resolve("/v1/models"), Duration.ofSeconds(20), 1 << 20)
              .blockOptional()
              .orElseThrow();
      return new String(body, StandardCharsets.UTF_8);
    }
  }
}
