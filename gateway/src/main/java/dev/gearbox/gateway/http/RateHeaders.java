package dev.gearbox.gateway.http;

import dev.gearbox.gateway.api.RateStatus;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/** The {@code x-ratelimit-} headers, as OpenAI writes them. */
final class RateHeaders {
  private RateHeaders() {}

  static void set(HttpHeaders headers, @Nullable RateStatus rates) {
    if (rates != null) {
      set(headers, "requests", rates.requests());
      set(headers, "tokens", rates.tokens());
    }
  }

  private static void set(HttpHeaders headers, String what, RateStatus.@Nullable Left left) {
    if (left != null) {
      headers.set("x-ratelimit-limit-" + what, Long.toString(left.limit()));
      headers.set("x-ratelimit-remaining-" + what, Long.toString(left.remaining()));
      headers.set("x-ratelimit-reset-" + what, span(left.reset()));
    }
  }

  /** Such as {@code 120ms}, {@code 7.66s} or {@code 6m0s}. */
  private static String span(Duration span) {
    if (span.toSeconds() == 0) {
      return span.toMillis() + "ms";
    }
    long minutes = span.toMinutes();
    double seconds = span.minusMinutes(minutes).toMillis() / 1000.0;
    return (minutes == 0 ? "" : minutes + "m")
        + String.format(Locale.ROOT, "%.3f", seconds).replaceFirst("\\.?0+$", "")
        + "s";
  }
}
