package dev.gearbox.policy.simulate;

import java.util.Arrays;
import java.util.Comparator;

/**
 * A mean and its 95 % confidence interval by Student's t.
 *
 * @param mean of the differences
 * @param low end
 * @param high end
 */
public record Interval(double mean, double low, double high) {
  /** Of 2 values or more. */
  static Interval of(double[] values) {
    int n = values.length;
    double mean = Arrays.stream(values).average().orElse(0);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double half = t(n - 1) * Math.sqrt(squares / (n - 1) / n);
    return new Interval(mean, mean - half, mean + half);
  }

  /**
   * How likely a mean this far from 0, on either side, is when the true one is 0: Student's t
   * (Abramowitz and Stegun, 26.7.3 and 26.7.4).
   */
  static double chance(double[] values) {
    int n = values.length;
    double mean = Arrays.stream(values).average().orElse(0);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double error = Math.sqrt(squares / (n - 1) / n);
    if (error == 0) {
      return mean == 0 ? 1 : 0;
    }
    return Math.max(0, 1 - inside(Math.abs(mean) / error, n - 1));
  }

  private static double inside(double t, int freedom) {
    double angle = Math.atan(t / Math.sqrt(freedom));
    double cos2 = Math.cos(angle) * Math.cos(angle);
    boolean odd = freedom % 2 == 1;
    double term = odd ? Math.cos(angle) : 1;
    double sum = freedom == 1 ? 0 : term;
    for (int i = odd ? 3 : 2; i < freedom - 1; i += 2) {
      term *= cos2 * (i - 1) / i;
      sum += term;
    }
    double series = Math.sin(angle) * sum;
    return odd ? 2 / Math.PI * (angle + series) : series;
  }

  /**
   * Holm's correction: what each chance is worth beside the others, so that at most one family in
   * twenty has a false one under 0.05.
   */
  static double[] holm(double[] chances) {
    Integer[] order = new Integer[chances.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> chances[i]));
    double[] corrected = new double[chances.length];
    double least = 0;
    for (int i = 0; i < order.length; i++) {
      least = Math.max(least, Math.min(1, chances[order[i]] * (order.length - i)));
      corrected[order[i]] = least;
    }
    return corrected;
  }

  /** The 0.975 quantile of Student's t (Cornish and Fisher's expansion; exact for 1 and 2). */
  static double t(int freedom) {
    double z = 1.959964;
    double z3 = z * z * z;
    double z5 = z3 * z * z;
    double v = freedom;
    return switch (freedom) {
      case 1 -> 12.7062;
      case 2 -> 4.3027;
      default ->
          z
              + (z3 + z) / (4 * v)
              + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v)
              + (3 * z5 * z * z + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
    };
  }
}
