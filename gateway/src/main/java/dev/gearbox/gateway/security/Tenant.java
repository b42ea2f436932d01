package dev.gearbox.gateway.security;

import java.util.List;

/**
 * Who may ask.
 *
 * @param name as configured
 * @param keys SHA-256 of each API key, 64 hexadecimal digits, {@code sha256:} before it allowed
 * @param serviceClass name of the class of its requests that name none
 */
public record Tenant(String name, List<String> keys, String serviceClass) {
  public Tenant {
    keys = List.copyOf(keys);
  }
}
