package dev.gearbox.gateway.cli;

import org.jline.utils.Signals;

/**
 * What a further SIGTERM or SIGINT does while the first one's shutdown hooks run. The JDK's own
 * handler would only wait for them, and has no public door: JLine knows the private one.
 */
final class NextSignal {
  private NextSignal() {}

  /** Runs {@code action}, on a thread of its own, for each signal that comes from here on. */
  static void does(Runnable action) {
    Signals.register("TERM", action);
    Signals.register("INT", action);
  }
}
