package dev.gearbox.policy.decide;

/**
 * The mean of a series and how sure it is. Neighbours in a series of decisions are alike, so the
 * error is taken from the means of batches rather than of single values; when there are many
 * batches, each two become one. Bounded, whatever the length of the series. Confined.
 */
final class BatchMeans {
  private static final int MOST = 64;
  private static final int FEWEST = 8;

  /** Standard errors to either side that hold about 95 %. */
  private static final double SURE = 2;

  private final double[] means = new double[MOST];
  private int batches;
  private long each = 1;
  private double sum;
  private long inBatch;

  void add(double value) {
    sum += value;
    if (++inBatch < each) {
      return;
    }
    means[batches++] = sum / each;
    sum = 0;
    inBatch = 0;
    if (batches == MOST) {
      batches = MOST / 2;
      each *= 2;
      for (int i = 0; i < batches; i++) {
        means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
      }
    }
  }

  /** Mean of all values; 0 of none. */
  double mean() {
    double total = sum;
    for (int i = 0; i < batches; i++) {
      total += means[i] * each;
    }
    return total / Math.max(1, batches * each + inBatch);
  }

  /** Half the width of the interval around {@link #mean}; NaN of few values. */
  double error() {
    if (batches < FEWEST) {
      return Double.NaN;
    }
    double middle = 0;
    for (int i = 0; i < batches; i++) {
      middle += means[i];
    }
    middle /= batches;
    double squares = 0;
    for (int i = 0; i < batches; i++) {
      squares += (means[i] - middle) * (means[i] - middle);
    }
    return SURE * Math.sqrt(squares / (batches - 1) / batches);
  }
}
