package dev.gearbox.telemetry.attain;

import java.time.Duration;

/**
 * Windows over which the burn of an error budget is read: long ones say that it matters, short ones
 * that it still goes on (the multi-window alerts of the SRE workbook, chapter 5).
 */
public enum BurnWindow {
  MINUTE("1m", Duration.ofMinutes(1)),
  FIVE_MINUTES("5m", Duration.ofMinutes(5)),
  HALF_HOUR("30m", Duration.ofMinutes(30)),
  HOUR("1h", Duration.ofHours(1)),
  SIX_HOURS("6h", Duration.ofHours(6));

  private final String label;
  private final Duration length;

  BurnWindow(String label, Duration length) {
    this.label = label;
    this.length = length;
  }

  /** Name in metrics. */
  public String label() {
    return label;
  }

  public Duration length() {
    return length;
  }
}
