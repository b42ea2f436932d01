package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.parallel.CpuWorkers;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;

/**
 * Finds E with {@code Y ≈ X·E} by ridge regression, {@code (XᵀX + λI)·E = XᵀY}, over rows that come
 * a few at a time. λ is the one whose E does best on rows that are held out of the fit; where none
 * does any good there, E is zero. One is used for fit after fit, in the same memory. Not
 * thread-safe.
 */
final class LinearFit {
  /** λ as shares of the mean of XᵀX's diagonal. */
  private static final double[] RIDGES = {1e-4, 1e-3, 0.01, 0.04, 0.16, 0.64, 2.5, 10};

  /** Ridges tried at the same time, however many workers there are: each takes memory. */
  private static final int LANES = 2;

  private final CpuWorkers workers;
  private final NormalEquations fitted;
  private final NormalEquations heldOut;
  private final RidgeSolver[] solvers = new RidgeSolver[LANES];

  /**
   * @param inputs columns of X
   * @param outputs columns of Y
   */
  LinearFit(int inputs, int outputs, CpuWorkers workers) {
    this.workers = workers;
    fitted = new NormalEquations(inputs, outputs);
    heldOut = new NormalEquations(inputs, outputs);
    Arrays.setAll(solvers, lane -> new RidgeSolver(inputs, outputs));
  }

  /** Begins anew. */
  void clear() {
    fitted.clear();
    heldOut.clear();
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
        new Jobs(
            LANES,
            lane -> {
              for (int i = lane; i < RIDGES.length; i += LANES) {
                errors[i] = heldOut.error(solvers[lane].solve(fitted, RIDGES[i]));
              }
            }));
    int best = 0;
    for (int i = 1; i < errors.length; i++) {
      best = errors[i] < errors[best] ? i : best;
    }
    if (!(errors[best] < 0)) {
      return new DMatrixRMaj(fitted.inputs(), fitted.outputs());
    }
    fitted.addAll(heldOut);
    return solvers[0].solve(fitted, RIDGES[best]).copy();
  }

  /** XᵀX of all rows once the fit is solved. */
  DMatrixRMaj gram() {
    DMatrixRMaj gram = new DMatrixRMaj(fitted.inputs(), fitted.inputs());
    fitted.xx(0, gram);
    return gram;
  }
}
