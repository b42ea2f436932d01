package dev.gearbox.gateway.kafka;

import dev.gearbox.gateway.api.Refusal;

/** Leaves the reader of one record; never leaves this package. */
final class BadRecordException extends RuntimeException {
  private final transient Refusal refusal;

  private BadRecordException(Refusal refusal) {
    super(refusal.message(), null, false, false);
    this.refusal = refusal;
  }

  static BadRecordException of(String param, String message) {
    return new BadRecordException(Refusal.invalid(param, message));
  }

  static BadRecordException of(Refusal refusal) {
    return new BadRecordException(refusal);
  }

  Refusal refusal() {
    return refusal;
  }
}
