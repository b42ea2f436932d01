package dev.gearbox.gateway.cli;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;
import picocli.CommandLine.Option;

/** How a command trusts a gateway on this machine that speaks TLS, and what it shows it. */
final class TlsOption {
  @Option(
      names = "--cacert",
      paramLabel = "FILE",
      defaultValue = "${env:GEARBOX_CACERT}",
      description = "Speak TLS, and trust whom this PEM file vouches for.")
  private @Nullable Path authority;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "Certificate to show, as a PEM file, where the gateway wants one.")
  private @Nullable Path certificate;

  @Option(
      names = "--cert-key",
      paramLabel = "FILE",
      description = "Private key of the certificate, as a PEM file.")
  private @Nullable Path key;

  /** Where a port of this machine is. */
  String at(int port) {
    return authority == null ? "http://127.0.0.1:" + port : "https://localhost:" + port;
  }

  /**
   * A client for it.
   *
   * @throws IOException when a file cannot be used
   */
  HttpClient client() throws IOException {
    HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2));
    Path trusted = authority;
    if (trusted == null) {
      return client.build();
    }
    if ((certificate == null) != (key == null)) {
      throw new WrongUsageException("--cert and --cert-key come together");
    }
    PemSslStoreDetails shown =
        certificate == null || key == null
            ? null
            : PemSslStoreDetails.forCertificate(Files.readString(certificate))
                .withPrivateKey(Files.readString(key));
    PemSslStoreDetails trust = PemSslStoreDetails.forCertificate(Files.readString(trusted));
    try {
      return client
          .sslContext(SslBundle.of(new PemSslStoreBundle(shown, trust)).createSslContext())
          .build();
    } catch (IllegalStateException e) {
      throw new IOException("the certificates cannot be used: " + e.getMessage(), e);
    }
  }
}
