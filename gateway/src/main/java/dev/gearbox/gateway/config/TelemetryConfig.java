package dev.gearbox.gateway.config;

import dev.gearbox.workshop.settings.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is told of requests, and to whom. */
public record TelemetryConfig(
    @Setting("Traces of requests") TracesConfig traces,
    @Setting(
            value =
                "Distinct models, variants, engines, classes and rules that get series of their own;"
                    + " the rest is 'other'",
            byDefault = "200",
            min = 1,
            max = 100_000)
        int labelValues) {

  /** Traces as they are written. */
  public record TracesConfig(
      @Setting(
              value =
                  "OpenTelemetry collector: http://HOST:4317 for gRPC, http://HOST:4318 for HTTP;"
                      + " no traces when absent",
              optional = true,
              pattern = "https?://[^/?#\\s]+(/[^?#\\s]*)?")
          @Nullable String otlp,
      @Setting(
              value = "Share of traces that is kept, of those that no client has begun",
              byDefault = "1.0",
              min = 0,
              max = 1)
          double sample,
      @Setting(
              value = "Longest that one export may take before it is given up",
              byDefault = "10s",
              min = 0.01,
              max = 600)
          Duration patience) {}
}
