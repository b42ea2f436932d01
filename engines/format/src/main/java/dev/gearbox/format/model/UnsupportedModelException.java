package dev.gearbox.format.model;

/** A sound GGUF file that holds a model which an engine does not compute; the message says why. */
public final class UnsupportedModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal with its reason. */
  public UnsupportedModelException(String message) {
    super(message);
  }
}
