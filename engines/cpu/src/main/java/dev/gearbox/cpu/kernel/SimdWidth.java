package dev.gearbox.cpu.kernel;

import jdk.incubator.vector.VectorShape;

/** The vector width in bits: what the CPU prefers, or what {@link #PROPERTY} asks for. */
final class SimdWidth {
  static final String PROPERTY = "gearbox.simd.bits";

  private SimdWidth() {}

  static int preferred() {
    return Math.clamp(VectorShape.preferredShape().vectorBitSize(), 128, 512);
  }

  static int bits() {
    int bits = Integer.getInteger(PROPERTY, preferred());
    if (bits != 128 && bits != 256 && bits != 512) {
      throw new IllegalArgumentException(PROPERTY + " must be 0, 128, 256 or 512, was " + bits);
    }
    return bits;
  }
}
