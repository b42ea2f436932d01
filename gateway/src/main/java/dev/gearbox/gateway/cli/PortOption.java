package dev.gearbox.gateway.cli;

import org.jspecify.annotations.Nullable;

/** Ports on the command line. */
final class PortOption {
  private PortOption() {}

  /** The given port, or the fallback without one. */
  static int checked(String option, @Nullable Integer given, int fallback) {
    if (given == null) {
      return fallback;
    }
    if (given < 0 || given > 65535) {
      throw new WrongUsageException(option + " must be 0 to 65535, got " + given);
    }
    return given;
  }
}
