package dev.gearbox.workshop.quantize;

/**
 * Rounding half to even by the one instruction that vectorizes: adding 1.5·2²³ and taking it away.
 */
final class Rounding {
  private static final float SHIFT = 0x1.8p23f;

  private Rounding() {}

  /** A scale as the file will hold it. */
  static float half(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }

  /** The nearest integer of a number below 2²². */
  static float nearest(float x) {
    return (x + SHIFT) - SHIFT;
  }

  /** The nearest integer within bounds below 2²²; {@code low} of what is no number. */
  static int nearest(float x, int low, int high) {
    return x >= high ? high : x > low ? (int) nearest(x) : low;
  }
}
