package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import org.jspecify.annotations.Nullable;

/**
 * TLS of both ports. The files are PEM, and read again when they change.
 *
 * @param clientCa who vouches for clients; null when these show no certificate
 */
public record TlsConfig(
    @Setting("Certificate of this server, with those that vouch for it behind it, as a PEM file")
        String certificate,
    @Setting("Private key of the certificate, as a PEM file") String key,
    @Setting(value = "Who vouches for clients, as a PEM file", optional = true)
        @Nullable String clientCa,
    @Setting(
            value = "Whether a client must show a certificate, where there is a client-ca",
            byDefault = "required")
        ClientAuth clientAuth,
    @Setting(value = "Whether the admin port has TLS too", byDefault = "true") boolean admin) {
  /** Whether a client must show a certificate. */
  public enum ClientAuth {
    /** One that the client-ca vouches for. */
    REQUIRED,
    /** None, or such a one. */
    OPTIONAL
  }

  TlsConfig resolved(Beside config) {
    return new TlsConfig(
        config.path(certificate), config.path(key), config.pathOrNull(clientCa), clientAuth, admin);
  }
}
