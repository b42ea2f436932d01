package dev.gearbox.policy.rule;

import org.jspecify.annotations.Nullable;

/**
 * A rule's refusal of a request.
 *
 * @param rule name of the rule
 * @param status HTTP status, 400 to 599
 * @param code error code of the API
 * @param message for the client
 * @param retryAfterSeconds when waiting helps; null when it does not
 */
public record Veto(
    String rule, int status, String code, String message, @Nullable Integer retryAfterSeconds) {
  public Veto {
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("a refusal's status must be 400 to 599, got " + status);
    }
  }
}
