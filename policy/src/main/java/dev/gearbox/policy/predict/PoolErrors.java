package dev.gearbox.policy.predict;

import dev.gearbox.policy.fact.Forecast;

/**
 * How wrong the predictions for one pool and variant, streaming or not, in one lane are: a band per
 * measure and the calibration of the joint chance.
 */
final class PoolErrors {
  private final ErrorBand ttft = new ErrorBand();
  private final ErrorBand tpot = new ErrorBand();
  private final ErrorBand total = new ErrorBand();
  private final Calibration calibration = new Calibration();

  ErrorBand band(Measure measure) {
    return switch (measure) {
      case TTFT -> ttft;
      case TPOT -> tpot;
      case TOTAL -> total;
    };
  }

  /** How many times as wide as they say the bands should be taken: as the worst of them. */
  double widening() {
    return Math.max(ttft.widening(), Math.max(tpot.widening(), total.widening()));
  }

  /** Learns from what was measured; whether the errors have drifted away. */
  boolean learn(Measured measured) {
    Forecast forecast = measured.forecast();
    boolean drifted = false;
    Promised first =
        promised(measured, forecast.ttftCrowding(), forecast.ttft(), forecast.ttftHigh());
    if (!Double.isNaN(measured.ttft())) {
      drifted = ttft.observe(Math.log(measured.ttft() / forecast.ttft()), first);
    } else if (!measured.complete()) {
      ttft.observeCensored(Math.log(measured.total() / forecast.ttft()), first);
    }
    if (!Double.isNaN(measured.tpot())) {
      Promised each =
          promised(measured, forecast.tpotCrowding(), forecast.tpot(), forecast.tpotHigh());
      drifted |= tpot.observe(Math.log(measured.tpot() / forecast.tpot()), each);
    }
    double whole = Math.log(measured.total() / forecast.total());
    if (measured.complete()) {
      drifted |= total.observe(whole, Promised.nothing(forecast.totalCrowding()));
    } else {
      total.observeCensored(whole, Promised.nothing(forecast.totalCrowding()));
    }
    return drifted;
  }

  private static Promised promised(
      Measured measured, double crowding, double predicted, double high) {
    double widening = measured.forecast().widening();
    double score = ErrorBand.narrow(Math.log(high / predicted), widening);
    return new Promised(crowding, measured.objective(), score);
  }

  Calibration calibration() {
    return calibration;
  }
}
