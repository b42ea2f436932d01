package dev.gearbox.workshop.distil;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * Solves {@code (XᵀX + λI)·E = XᵀY} again and again in the same memory: doubles, twice of the size
 * of XᵀX and four times of XᵀY. Not thread-safe.
 */
final class RidgeSolver {
  private final DMatrixRMaj left;
  private final DMatrixRMaj right;
  private final DMatrixRMaj map;
  private final LinearSolverDense<DMatrixRMaj> solver;

  /** For equations of so many inputs and outputs. */
  RidgeSolver(int inputs, int outputs) {
    left = new DMatrixRMaj(inputs, inputs);
    right = new DMatrixRMaj(inputs, outputs);
    map = new DMatrixRMaj(inputs, outputs);
    solver = LinearSolverFactory_DDRM.symmPosDef(inputs);
  }

  /**
   * E, until the next is asked for.
   *
   * @param ridge λ as a share of the mean of XᵀX's diagonal, above 0
   */
  DMatrixRMaj solve(NormalEquations equations, double ridge) {
    equations.xx(ridge * equations.meanSquare(), left);
    if (!solver.setA(left)) {
      throw new IllegalArgumentException(
          "the calibration text gives states that are all the same: take another");
    }
    equations.xy(right);
    solver.solve(right, map);
    return map;
  }
}
