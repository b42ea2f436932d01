package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import org.jspecify.annotations.Nullable;

/**
 * TLS to the servers of a pool. The files are PEM, and read again when they change.
 *
 * @param ca who vouches for the servers; null for those that Java knows
 * @param certificate what is shown to them; null for nothing
 * @param key of the certificate
 */
public record EngineTlsConfig(
    @Setting(
            value = "Who vouches for the servers, as a PEM file; those that Java knows when absent",
            optional = true)
        @Nullable String ca,
    @Setting(value = "Certificate that the servers are shown, as a PEM file", optional = true)
        @Nullable String certificate,
    @Setting(value = "Private key of the certificate, as a PEM file", optional = true)
        @Nullable String key) {

  EngineTlsConfig resolved(Beside config) {
    return new EngineTlsConfig(
        config.pathOrNull(ca), config.pathOrNull(certificate), config.pathOrNull(key));
  }
}
