package dev.gearbox.gateway.api;

import org.jspecify.annotations.Nullable;

/** Leaves the parser of one request; never leaves this package. */
final class InvalidFieldException extends RuntimeException {
  private final @Nullable String param;

  InvalidFieldException(@Nullable String param, String message) {
    super(message, null, false, false);
    this.param = param;
  }

  Refusal refusal() {
    return Refusal.invalid(param, String.valueOf(getMessage()));
  }
}
