package dev.gearbox.remote.wire;

import dev.gearbox.engine.TokenEvent.FailureCode;

/** What went wrong with a server, in a sentence that a client may read. Without a stack trace. */
public final class WireException extends Exception {
  private static final long serialVersionUID = 1;

  private final FailureCode code;
  private final boolean fault;

  /**
   * A failure.
   *
   * @param code what the client is told
   * @param fault whether it speaks against the server: what is full or was asked wrongly does not
   */
  public WireException(FailureCode code, boolean fault, String message) {
    super(message, null, false, false);
    this.code = code;
    this.fault = fault;
  }

  /** The server is gone, broken or lying. */
  public static WireException broken(String message) {
    return new WireException(FailureCode.ENGINE_FAILED, true, message);
  }

  public FailureCode code() {
    return code;
  }

  public boolean fault() {
    return fault;
  }

  /** What the client reads. */
  public String text() {
    return String.valueOf(getMessage());
  }
}
