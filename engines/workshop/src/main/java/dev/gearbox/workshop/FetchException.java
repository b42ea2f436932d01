package dev.gearbox.workshop;

/** Weights could not be had; the message says why, what was tried and what to do. */
public final class FetchException extends Exception {
  public FetchException(String message) {
    super(message);
  }
}
