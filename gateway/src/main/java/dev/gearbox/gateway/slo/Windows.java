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

  /** As Prometheus writes it, and most that came after: {@code 30d}, {@code 5m}, {@code 90s}. */
  static String written(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
