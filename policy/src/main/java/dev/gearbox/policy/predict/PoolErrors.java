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
    double level = measured.objective();
    double widening = forecast.widening();
    Promised first =
        Promised.of(level, forecast.ttft(), forecast.ttftP50(), forecast.ttftHigh(), widening);
    boolean drifted = false;
    if (!Double.isNaN(measured.ttft())) {
      drifted = ttft.observe(Math.log(measured.ttft() / forecast.ttft()), first);
    } else if (!measured.complete()) {
      ttft.observeCensored(Math.log(measured.total() / forecast.ttft()), first);
    }
    if (!Double.isNaN(measured.tpot())) {
      Promised each =
          Promised.of(level, forecast.tpot(), forecast.tpotP50(), forecast.tpotHigh(), widening);
      drifted |= tpot.observe(Math.log(measured.tpot() / forecast.tpot()), each);
    }
    double whole = Math.log(measured.total() / forecast.total());
    if (measured.complete()) {
      drifted |= total.observe(whole);
    } else {
      total.observeCensored(whole);
    }
    return drifted;
  }

  Calibration calibration() {
    return calibration;
  }
}
