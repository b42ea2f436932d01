package dev.gearbox.policy.predict;

/**
 * The band that was in force when a request was decided, as scores; NaN where none was told.
 * Learning holds the outcome against this one, not against what the band has become since.
 *
 * @param level of the high quantile
 * @param median score that half of the requests should stay under
 * @param high score that a share {@code level} should stay under
 */
record Promised(double level, double median, double high) {
  static final Promised NOTHING = new Promised(Double.NaN, Double.NaN, Double.NaN);

  /** Of a forecast whose band reaches from {@code predicted} to {@code median} and {@code high}. */
  static Promised of(double level, double predicted, double median, double high, double widening) {
    return new Promised(
        level,
        Math.log(median / predicted),
        ErrorBand.narrow(Math.log(high / predicted), widening));
  }
}
