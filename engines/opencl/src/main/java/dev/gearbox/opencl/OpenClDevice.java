package dev.gearbox.opencl;

/**
 * A device that an OpenCL driver offers.
 *
 * @param index its number among all of this machine's, as in {@code opencl-device}
 * @param handle of OpenCL
 * @param driver name of its platform with the versions of driver and language
 * @param computeUnits processors that run work groups side by side
 * @param memory bytes in all
 * @param largestBuffer bytes of one buffer at most
 * @param largestGroup work items of one work group at most
 */
public record OpenClDevice(
    int index,
    long platform,
    long handle,
    String name,
    String vendor,
    String driver,
    Kind kind,
    int computeUnits,
    long memory,
    long largestBuffer,
    int largestGroup) {

  /** What it is, the best first. */
  public enum Kind {
    GPU,
    ACCELERATOR,
    CPU
  }

  @Override
  public String toString() {
    return "%d: %s (%s, %d compute units, %d MB; %s)"
        .formatted(index, name, kind, computeUnits, memory >> 20, driver);
  }
}
