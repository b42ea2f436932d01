package dev.gearbox.policy.predict;

/**
 * A guess of a device's speed, good until its first steps are seen.
 *
 * @param bytesPerSecond weights read per second in a decode step
 * @param tokenBytesPerSecond weights "read" per second and extra token of a step: what compute
 *     allows rather than memory
 */
public record DevicePrior(double bytesPerSecond, double tokenBytesPerSecond) {
  /** Two cores of a server CPU with SIMD. */
  public static final DevicePrior CPU = new DevicePrior(12e9, 40e9);

  public DevicePrior {
    if (!(bytesPerSecond > 0) || !(tokenBytesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "a device's speed must be above 0, got %s and %s bytes per second"
              .formatted(bytesPerSecond, tokenBytesPerSecond));
    }
  }
}
