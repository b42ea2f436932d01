package dev.gearbox.gateway.quality;

/**
 * Gaps of the latest answers, each weighed by its length: nats over bytes is a ratio of two sums,
 * with the error that such a ratio has.
 *
 * <pre>
 *   mean = Σ nats / Σ bytes      error² = n/(n−1) · Σ (natsᵢ − mean·bytesᵢ)² / (Σ bytes)²
 *   surely at least mean − 3·error, once there are 30
 * </pre>
 *
 * Confined to its owner.
 */
final class GapWindow {
  private static final int SIZE = 200;
  private static final int LEAST = 30;
  private static final double ERRORS = 3;

  private final double[] nats = new double[SIZE];
  private final int[] bytes = new int[SIZE];
  private int seen;

  void add(double gapNats, int answerBytes) {
    nats[seen % SIZE] = gapNats;
    bytes[seen % SIZE] = answerBytes;
    seen++;
  }

  /** Answers that it looks back on. */
  int answers() {
    return Math.min(seen, SIZE);
  }

  /** Nats per byte; NaN while there is no answer. */
  double mean() {
    double sum = 0;
    for (int i = 0; i < answers(); i++) {
      sum += nats[i];
    }
    return sum / length();
  }

  /** What the mean surely is at least; NaN while there are too few answers to say. */
  double surely() {
    int n = answers();
    if (n < LEAST) {
      return Double.NaN;
    }
    double mean = mean();
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double off = nats[i] - mean * bytes[i];
      squares += off * off;
    }
    return mean - ERRORS * Math.sqrt(squares * n / (n - 1)) / length();
  }

  private double length() {
    double sum = 0;
    for (int i = 0; i < answers(); i++) {
      sum += bytes[i];
    }
    return sum;
  }
}
