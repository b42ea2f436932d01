package dev.gearbox.engine;

/**
 * What engines on one device get of it beside each other while none is about to be late. The device
 * keeps to it, and who forecasts what a device will do reckons with it.
 */
public final class DeviceShare {
  /** Interactive work gets this many times the device time of bulk. */
  private static final int INTERACTIVE = 4;

  private DeviceShare() {}

  /**
   * An engine's weight: fair among sequences, not engines, so that one answer of a large variant
   * does not hold up eight of a small one.
   *
   * @param interactive whether some of it is
   * @param sequences that it carries
   * @param most sequences of a batch
   */
  public static int weight(boolean interactive, int sequences, int most) {
    return (interactive ? INTERACTIVE : 1) * Math.clamp(sequences, 1, most);
  }
}
