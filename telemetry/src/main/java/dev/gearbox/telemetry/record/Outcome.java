package dev.gearbox.telemetry.record;

/** How a request ended. */
public enum Outcome {
  /** An end-of-sequence token, a stop string or a finished tool call. */
  STOP,
  /** {@code max_tokens} or the end of the context was reached. */
  LENGTH,
  /** The client went away. */
  CANCELLED,
  /** Its deadline passed. */
  EXPIRED,
  /** Admission or the policy said no; nothing was generated. */
  REFUSED,
  /** The engine or the gateway failed. */
  FAILED
}
