package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param keys SHA-256 of each API key, as {@code sha256:} and 64 hexadecimal digits
 * @param serviceClass of its requests that name none; written {@code class}
 * @param weight its share of the places while others wait too
 * @param limits what it may use
 */
public record TenantConfig(
    @Setting(value = "Name of the tenant", pattern = "[A-Za-z0-9][A-Za-z0-9._-]*") String name,
    @Setting(
            value = "Its API keys, each as sha256: and the hexadecimal digest of the key",
            pattern = SecurityConfig.HASH,
            secret = true)
        List<String> keys,
    @Setting(value = "Class of its requests that name none", key = "class", byDefault = "standard")
        String serviceClass,
    @Setting(
            value = "Its share of the places while tenants of one priority wait for them",
            byDefault = "1.0",
            min = 0.001,
            max = 1000)
        double weight,
    @Setting("What it may use") Limits limits) {
  public TenantConfig {
    keys = List.copyOf(keys);
  }

  /** What a tenant may use; null for no limit. */
  public record Limits(
      @Setting(value = "Requests in a minute", optional = true, min = 1, max = 1e9)
          @Nullable Integer requestsPerMinute,
      @Setting(value = "Prompt and answer tokens in a minute", optional = true, min = 1, max = 1e10)
          @Nullable Long tokensPerMinute,
      @Setting(value = "Requests at once", optional = true, min = 1, max = 1e6)
          @Nullable Integer concurrent) {}
}
