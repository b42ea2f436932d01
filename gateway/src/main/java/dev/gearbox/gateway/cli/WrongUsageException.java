package dev.gearbox.gateway.cli;

/** A command line that parses and still makes no sense. */
final class WrongUsageException extends RuntimeException {
  WrongUsageException(String message) {
    super(message);
  }
}
