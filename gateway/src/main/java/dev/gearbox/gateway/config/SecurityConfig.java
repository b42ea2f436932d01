package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who gets in and what is written down.
 *
 * @param keysFile further keys of tenants; null for none
 * @param adminKeys of the admin port; none for this machine alone
 * @param metricsKeys that open the metrics of the admin port and nothing else
 * @param origins web pages that may ask beside those of this machine
 * @param hosts names by which requests without a key may call this machine
 * @param tls null for none
 * @param oidc null for none
 * @param encryptionKeyFile null for files as they are
 * @param sharedLimits null for limits of each gateway's own
 * @param audit null for none
 */
public record SecurityConfig(
    @Setting(value = "Whether a request needs a tenant's API key", byDefault = "required")
        ApiKeys apiKeys,
    @Setting(
            value =
                "File of further API keys, each line TENANT sha256:HASH; read again when it changes",
            optional = true)
        @Nullable String keysFile,
    @Setting(
            value =
                "Keys of the admin port, as sha256:HASH; with none it answers this machine alone, and"
                    + " metrics to everybody",
            pattern = HASH,
            secret = true)
        List<String> adminKeys,
    @Setting(
            value = "Keys that open the admin port's metrics alone, as sha256:HASH",
            pattern = HASH,
            secret = true)
        List<String> metricsKeys,
    @Setting(
            value =
                "Web pages that may ask beside those of this machine, as https://HOST; * for all",
            pattern = "\\*|null|[a-z][a-z0-9+.-]*://[^/\\s]+")
        List<String> origins,
    @Setting(
            value = "Names beside localhost by which requests without a key may call this machine",
            pattern = "[A-Za-z0-9.\\[\\]:-]+")
        List<String> hosts,
    @Setting(value = "TLS of both ports; none when absent", optional = true)
        @Nullable TlsConfig tls,
    @Setting(value = "Tokens of an OpenID provider beside keys; none when absent", optional = true)
        @Nullable OidcConfig oidc,
    @Setting(
            value =
                "File with the key that files of batches are sealed with on the disk: the Base64 of 32"
                    + " random bytes, behind it those that sealed earlier files; not sealed when absent",
            optional = true)
        @Nullable String encryptionKeyFile,
    @Setting(
            value = "Limits of tenants over all gateways; each gateway's own when absent",
            optional = true)
        @Nullable SharedLimits sharedLimits,
    @Setting(
            value = "What is written down of refusals and changes; nothing when absent",
            optional = true)
        @Nullable Audit audit,
    @Setting(
            value = "Whether the prompts of requests are logged, each cut to 4096 characters",
            byDefault = "false")
        boolean logPrompts) {
  static final String HASH = "sha256:[0-9a-f]{64}";

  public SecurityConfig {
    adminKeys = List.copyOf(adminKeys);
    metricsKeys = List.copyOf(metricsKeys);
    origins = List.copyOf(origins);
    hosts = List.copyOf(hosts);
  }

  /** Whether a request needs an API key. */
  public enum ApiKeys {
    /** Where tenants are configured, each request carries the key of one. */
    REQUIRED,
    /** A request without a key belongs to nobody's limits. */
    OPTIONAL
  }

  /**
   * Where gateways keep what tenants have used.
   *
   * @param passwordFile null for none
   */
  public record SharedLimits(
      @Setting(
              value = "A Redis, as redis://HOST:PORT or rediss://HOST:PORT",
              pattern = "rediss?://[^@\\s]+")
          String redis,
      @Setting(value = "File with its password", optional = true) @Nullable String passwordFile,
      @Setting(
              value = "How long it may take to answer; then each gateway goes by what it knows",
              byDefault = "100ms",
              min = 0.001,
              max = 10)
          Duration timeout) {
    SharedLimits resolved(Beside config) {
      return new SharedLimits(redis, config.pathOrNull(passwordFile), timeout);
    }
  }

  /** A file of JSON lines. */
  public record Audit(
      @Setting("File of refusals and changes, one JSON object a line") String file,
      @Setting(
              value = "Bytes after which it is put aside as FILE.1",
              byDefault = "10MB",
              min = 1024,
              max = 1024L * 1024 * 1024)
          DataSize maxSize,
      @Setting(value = "How many of those are kept", byDefault = "5", min = 1, max = 20) int keep) {
    Audit resolved(Beside config) {
      return new Audit(config.path(file), maxSize, keep);
    }
  }

  /** File of the keys that seal files; null for files as they are. */
  public @Nullable Path sealingKeys() {
    return encryptionKeyFile == null ? null : Path.of(encryptionKeyFile);
  }

  /** Files are named relative to the configuration. */
  SecurityConfig resolved(Beside config) {
    return new SecurityConfig(
        apiKeys,
        config.pathOrNull(keysFile),
        adminKeys,
        metricsKeys,
        origins,
        hosts,
        tls == null ? null : tls.resolved(config),
        oidc,
        config.pathOrNull(encryptionKeyFile),
        sharedLimits == null ? null : sharedLimits.resolved(config),
        audit == null ? null : audit.resolved(config),
        logPrompts);
  }
}
