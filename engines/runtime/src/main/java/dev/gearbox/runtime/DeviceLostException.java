package dev.gearbox.runtime;

/**
 * What a {@link ModelRunner} throws when its silicon is gone, with the weights and the keys and
 * values on it: no later step can succeed, so its engine fails at once.
 */
public final class DeviceLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The message is for the operator. */
  public DeviceLostException(String message) {
    super(message);
  }
}
