package dev.gearbox.telemetry.signal;

/**
 * What is known of one device.
 *
 * @param device id
 * @param busyShare share of the last second that it spent in steps, 0 to 1
 * @param takenNanos when this was taken, on the injected monotonic clock
 */
public record DeviceSignal(String device, double busyShare, long takenNanos) {}
