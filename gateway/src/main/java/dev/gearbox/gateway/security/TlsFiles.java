package dev.gearbox.gateway.security;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.pem.PemContent;

/**
 * Certificates of one end as PEM files.
 *
 * @param certificate what this end shows, its own first and those that vouch for it behind; null
 *     for nothing
 * @param key the private key of it
 * @param ca who vouches for the other end; null for those that Java knows
 */
public record TlsFiles(@Nullable Path certificate, @Nullable Path key, @Nullable Path ca) {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /** What there is to watch. */
  List<Path> all() {
    return Stream.of(certificate, key, ca).filter(each -> each != null).toList();
  }

  /**
   * Of a server.
   *
   * @param clients whether clients show a certificate too
   * @throws IOException when a file cannot be read, has expired or does not fit the others
   */
  SslContext server(ClientAuth clients, InstantSource time) throws IOException {
    Path shown = certificate;
    Path secret = key;
    if (shown == null || secret == null) {
      throw new IOException("a server needs a certificate and its key");
    }
    try {
      X509Certificate[] chain = certificates(shown, time);
      SslContextBuilder builder =
          SslContextBuilder.forServer(keyOf(secret, chain[0]), chain).protocols(PROTOCOLS);
      Path authority = ca;
      if (authority != null) {
        builder.trustManager(certificates(authority, time)).clientAuth(clients);
      }
      return builder.build();
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(shown + " cannot be used: " + e.getMessage(), e);
    }
  }

  /**
   * Of a client that speaks HTTP/2 where the server does.
   *
   * @throws IOException likewise
   */
  SslContext client(InstantSource time) throws IOException {
    SslContextBuilder builder = SslContextBuilder.forClient().protocols(PROTOCOLS);
    Path shown = certificate;
    Path secret = key;
    Path authority = ca;
    try {
      if (shown != null && secret != null) {
        X509Certificate[] chain = certificates(shown, time);
        builder.keyManager(keyOf(secret, chain[0]), chain);
      }
      if (authority != null) {
        builder.trustManager(certificates(authority, time));
      }
      return builder
          .applicationProtocolConfig(
              new ApplicationProtocolConfig(
                  Protocol.ALPN,
                  SelectorFailureBehavior.NO_ADVERTISE,
                  SelectedListenerFailureBehavior.ACCEPT,
                  "h2",
                  "http/1.1"))
          .build();
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("the certificates for engines cannot be used: " + e.getMessage(), e);
    }
  }

  private static X509Certificate[] certificates(Path file, InstantSource time) throws IOException {
    List<X509Certificate> all;
    try {
      all = PemContent.load(file).getCertificates();
    } catch (IOException e) {
      throw new IOException("cannot read the certificate " + file, e);
    } catch (RuntimeException e) {
      throw new IOException(file + " has no certificate in PEM", e);
    }
    Date now = Date.from(time.instant());
    for (X509Certificate each : all) {
      try {
        each.checkValidity(now);
      } catch (CertificateExpiredException e) {
        throw new IOException(
            "the certificate %s expired at %s".formatted(file, each.getNotAfter().toInstant()), e);
      } catch (CertificateNotYetValidException e) {
        throw new IOException(
            "the certificate %s is valid from %s only"
                .formatted(file, each.getNotBefore().toInstant()),
            e);
      }
    }
    return all.toArray(X509Certificate[]::new);
  }

  private static PrivateKey keyOf(Path file, X509Certificate certificate)
      throws IOException, GeneralSecurityException {
    @Nullable PrivateKey key;
    try {
      key = PemContent.load(file).getPrivateKey();
    } catch (IOException e) {
      throw new IOException("cannot read the key " + file, e);
    } catch (RuntimeException e) {
      // Not the cause: it might quote the file.
      throw new IOException(file + " has no private key in PEM");
    }
    if (key == null) {
      throw new IOException(file + " has no private key in PEM");
    }
    if (!fits(key, certificate.getPublicKey())) {
      throw new IOException("the key " + file + " is not that of the certificate");
    }
    return key;
  }

  private static boolean fits(PrivateKey key, PublicKey other) throws GeneralSecurityException {
    if (!key.getAlgorithm().equals(other.getAlgorithm())) {
      return false;
    }
    Signature signature =
        Signature.getInstance(
            switch (key.getAlgorithm()) {
              case "RSA" -> "SHA256withRSA";
              case "EC" -> "SHA256withECDSA";
              default -> key.getAlgorithm();
            });
    byte[] text = {1, 2, 3};
    signature.initSign(key);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(other);
    signature.update(text);
    return signature.verify(signed);
  }
}
