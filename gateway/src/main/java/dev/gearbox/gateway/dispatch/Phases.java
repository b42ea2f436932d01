package dev.gearbox.gateway.dispatch;

import java.util.function.LongSupplier;

/** How long the parts of something took, as fields of a log line. Confined to one thread. */
final class Phases {
  private final LongSupplier clock;
  private final StringBuilder fields = new StringBuilder();
  private long begun;

  /** Begins the first phase. */
  Phases(LongSupplier nanoClock) {
    clock = nanoClock;
    begun = nanoClock.getAsLong();
  }

  /** Ends a phase and begins the next. */
  void end(String phase) {
    long now = clock.getAsLong();
    fields.append(' ').append(phase).append("_ms=").append((now - begun) / 1_000_000);
    begun = now;
  }

  @Override
  public String toString() {
    return fields.toString();
  }
}
