package dev.gearbox.policy.predict;

/**
 * What was held of a request when it was decided.
 *
 * @param crowding of its device, as in the forecast
 * @param level of the band that was told; NaN where none was
 * @param high score that a share {@code level} should stay under
 */
record Promised(double crowding, double level, double high) {
  /** Of a request of which only the crowding counts. */
  static Promised nothing(double crowding) {
    return new Promised(crowding, Double.NaN, Double.NaN);
  }
}
