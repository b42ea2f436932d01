package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;

/** Who gets in and what is written down. */
public record SecurityConfig(
    @Setting(value = "Whether a request needs a tenant's API key", byDefault = "required")
        ApiKeys apiKeys,
    @Setting(
            value = "Whether the prompts of requests are logged, each cut to 4096 characters",
            byDefault = "false")
        boolean logPrompts) {
  /** Whether a request needs an API key. */
  public enum ApiKeys {
    /** Where tenants are configured, each request carries the key of one. */
    REQUIRED,
    /** A request without a key belongs to nobody's limits. */
    OPTIONAL
  }
}
