package dev.gearbox.telemetry.signal;

import org.jspecify.annotations.Nullable;

/**
 * What is known of one device.
 *
 * @param device id
 * @param busyShare share of the last second that it spent in steps, 0 to 1
 * @param takenNanos when this was taken, on the injected monotonic clock
 * @param price points per device-second that its owner asks; null where the reader is the owner
 */
public record DeviceSignal(
    String device, double busyShare, long takenNanos, @Nullable Double price) {

  /** The signal of a device of one's own, which one prices oneself. */
  public DeviceSignal(String device, double busyShare, long takenNanos) {
    this(device, busyShare, takenNanos, null);
  }

  /** The same as others read it, at the price that its owner asks. */
  public DeviceSignal at(double asked) {
    return new DeviceSignal(device, busyShare, takenNanos, asked);
  }
}
