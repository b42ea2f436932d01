package dev.gearbox.gateway.admission;

import java.time.Duration;

/**
 * How much may be in the house at once.
 *
 * @param inFlight permits: sequences that run, or wait inside an engine
 * @param queued requests that wait for permits
 * @param maxWait how long a request waits for its permits unless its deadline is nearer
 */
public record AdmissionLimits(int inFlight, int queued, Duration maxWait) {
  public static final AdmissionLimits DEFAULT =
      new AdmissionLimits(256, 1024, Duration.ofSeconds(60));

  public AdmissionLimits {
    if (inFlight < 1 || queued < 0 || maxWait.isNegative()) {
      throw new IllegalArgumentException(
          "limits out of range: in flight %d, queued %d, wait %s"
              .formatted(inFlight, queued, maxWait));
    }
  }
}
