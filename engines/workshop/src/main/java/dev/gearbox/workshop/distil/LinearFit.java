package dev.gearbox.workshop.distil;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * Finds E with {@code X·E ≈ Y} by least squares, rows added a few at a time: the normal equations
 * {@code (XᵀX + λI)·E = XᵀY}, whose λ keeps E small where the rows say little. Not thread-safe.
 */
final class LinearFit {
  /** λ as a share of the mean of XᵀX's diagonal. */
  private static final double RIDGE = 0.01;

  private final DMatrixRMaj xx;
  private final DMatrixRMaj xy;

  /**
   * @param size columns of X and of Y
   */
  LinearFit(int size) {
    xx = new DMatrixRMaj(size, size);
    xy = new DMatrixRMaj(size, size);
  }

  /** Adds rows. */
  void add(DMatrixRMaj x, DMatrixRMaj y) {
    CommonOps_DDRM.multAddTransA(x, x, xx);
    CommonOps_DDRM.multAddTransA(x, y, xy);
  }

  /** XᵀX of what was added. */
  DMatrixRMaj gram() {
    return xx;
  }

  /** E of what was added. */
  DMatrixRMaj solve() {
    DMatrixRMaj left = xx.copy();
    double ridge = RIDGE * CommonOps_DDRM.trace(xx) / xx.numRows;
    for (int i = 0; i < left.numRows; i++) {
      left.add(i, i, ridge);
    }
    LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(left.numRows);
    DMatrixRMaj result = new DMatrixRMaj(left.numRows, left.numRows);
    if (!solver.setA(left)) {
      throw new IllegalArgumentException(
          "the calibration text gives states that are all the same: take another");
    }
    solver.solve(xy, result);
    return result;
  }
}
