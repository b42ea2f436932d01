package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.parallel.CpuWorkers;
import org.ejml.data.DMatrixRMaj;

/**
 * Finds E with {@code Y ≈ X·E} by ridge regression, {@code (XᵀX + λI)·E = XᵀY}, over rows that come
 * a few at a time. λ is the one whose E does best on rows that are held out of the fit; where none
 * does any good there, E is zero. Not thread-safe.
 */
final class LinearFit {
  /** λ as shares of the mean of XᵀX's diagonal. */
  private static final double[] RIDGES = {1e-4, 1e-3, 0.01, 0.04, 0.16, 0.64, 2.5, 10};

  private final CpuWorkers workers;
  private final NormalEquations fitted;
  private final NormalEquations heldOut;

  /**
   * @param inputs columns of X
   * @param outputs columns of Y
   */
  LinearFit(int inputs, int outputs, CpuWorkers workers) {
    this.workers = workers;
    fitted = new NormalEquations(inputs, outputs);
    heldOut = new NormalEquations(inputs, outputs);
  }

  /**
   * Adds rows.
   *
   * @param rows of X and Y side by side
   * @param held whether they are to choose λ by
   */
  void add(float[][] rows, boolean held) {
    (held ? heldOut : fitted).add(rows, workers);
  }

  /** E of what was added; comes last. */
  DMatrixRMaj solve() {
    double[] errors = new double[RIDGES.length];
    workers.run(
        new Jobs(RIDGES.length, job -> errors[job] = heldOut.error(fitted.solve(RIDGES[job]))));
    int best = 0;
    for (int i = 1; i < errors.length; i++) {
      best = errors[i] < errors[best] ? i : best;
    }
    if (!(errors[best] < 0)) {
      return new DMatrixRMaj(fitted.inputs(), fitted.outputs());
    }
    fitted.addAll(heldOut);
    return fitted.solve(RIDGES[best]);
  }

  /** XᵀX of all rows once the fit is solved. */
  DMatrixRMaj gram() {
    return fitted.xx();
  }
}
