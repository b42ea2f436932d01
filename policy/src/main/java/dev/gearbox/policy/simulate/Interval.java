package dev.gearbox.policy.simulate;

import java.util.Arrays;

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
