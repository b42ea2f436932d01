package dev.gearbox.opencl;

/**
 * This machine has no OpenCL, or not the device that was asked for; the message says what to do.
 */
public final class NoOpenClException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NoOpenClException(String message) {
    super(message);
  }
}
