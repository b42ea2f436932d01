package dev.gearbox.gateway.slo;

import java.time.Duration;

/** Windows of burn-rate alerts for an objective over any time, from those for 30 days. */
record Windows(Duration objective) {
  private static final double USUAL_SECONDS = Duration.ofDays(30).toSeconds();

  /** What is {@code usual} for an objective over 30 days, in proportion; a second at least. */
  Duration of(Duration usual) {
    double seconds = usual.toSeconds() * (objective.toNanos() / 1e9) / USUAL_SECONDS;
    return Duration.ofSeconds(Math.max(1, Math.round(seconds)));
  }
}
