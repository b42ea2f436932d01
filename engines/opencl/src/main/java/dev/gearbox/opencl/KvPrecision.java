package dev.gearbox.opencl;

/** How keys and values are kept on a device. */
public enum KvPrecision {
  /** Half floats. */
  F16(2, "-D KV_HALF"),
  /** Floats. */
  F32(4, "");

  private final int bytes;
  private final String macro;

  KvPrecision(int bytes, String macro) {
    this.bytes = bytes;
    this.macro = macro;
  }

  int bytes() {
    return bytes;
  }

  String macro() {
    return macro;
  }
}
