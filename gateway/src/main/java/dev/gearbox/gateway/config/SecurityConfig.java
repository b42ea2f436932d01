package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.DataSize;
import dev.gearbox.workshop.settings.Setting;
import java.nio.file.Path;
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
    Audit resolved(Path beside) {
      return new Audit(beside.resolveSibling(file).toString(), maxSize, keep);
    }
  }

  /** Files are named relative to the configuration. */
  SecurityConfig resolved(Path beside) {
    return new SecurityConfig(
        apiKeys,
        keysFile == null ? null : beside.resolveSibling(keysFile).toString(),
        adminKeys,
        metricsKeys,
        origins,
        hosts,
        audit == null ? null : audit.resolved(beside),
        logPrompts);
  }
}
