package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.parallel.CpuWorkers;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.LinearSolverFactory_DDRM;
import org.ejml.interfaces.linsol.LinearSolverDense;

/**
 * XᵀX and XᵀY, all that least squares need of rows of X and Y, which are not kept.
 *
 * <pre>
 *          inputs   outputs
 *   i  | · ─ XᵀX ─ |  XᵀY  |     floats; of the symmetric part what is right of the diagonal
 * </pre>
 */
final class NormalEquations {
  private static final int ROWS_OF_JOB = 32;
  private static final int AT_ONCE = 8;

  private final int inputs;
  private final int outputs;
  private final float[][] sums;

  NormalEquations(int inputs, int outputs) {
    this.inputs = inputs;
    this.outputs = outputs;
    sums = new float[inputs][inputs + outputs];
  }

  int inputs() {
    return inputs;
  }

  int outputs() {
    return outputs;
  }

  /**
   * Adds rows.
   *
   * @param rows of X and Y side by side
   */
  void add(float[][] rows, CpuWorkers workers) {
    float[] none = new float[inputs + outputs];
    int jobs = Math.ceilDiv(inputs, ROWS_OF_JOB);
    workers.run(
        new Jobs(
            jobs,
            job -> {
              float[][] some = new float[AT_ONCE][];
              int end = Math.min(inputs, (job + 1) * ROWS_OF_JOB);
              for (int at = 0; at < rows.length; at += AT_ONCE) {
                for (int r = 0; r < AT_ONCE; r++) {
                  some[r] = at + r < rows.length ? rows[at + r] : none;
                }
                for (int i = job * ROWS_OF_JOB; i < end; i++) {
                  addProducts(i, some);
                }
              }
            }));
  }

  /** Eight rows at once: each sum is read and written a fraction as often. */
  private void addProducts(int i, float[][] rows) {
    float[] r0 = rows[0];
    float[] r1 = rows[1];
    float[] r2 = rows[2];
    float[] r3 = rows[3];
    float[] r4 = rows[4];
    float[] r5 = rows[5];
    float[] r6 = rows[6];
    float[] r7 = rows[7];
    float a0 = r0[i];
    float a1 = r1[i];
    float a2 = r2[i];
    float a3 = r3[i];
    float a4 = r4[i];
    float a5 = r5[i];
    float a6 = r6[i];
    float a7 = r7[i];
    float[] sum = sums[i];
    for (int j = i; j < sum.length; j++) {
      sum[j] +=
          ((a0 * r0[j] + a1 * r1[j]) + (a2 * r2[j] + a3 * r3[j]))
              + ((a4 * r4[j] + a5 * r5[j]) + (a6 * r6[j] + a7 * r7[j]));
    }
  }

  /** Adds all rows of others. */
  void addAll(NormalEquations others) {
    for (int i = 0; i < inputs; i++) {
      for (int j = i; j < sums[i].length; j++) {
        sums[i][j] += others.sums[i][j];
      }
    }
  }

  /** XᵀX. */
  DMatrixRMaj xx() {
    DMatrixRMaj xx = new DMatrixRMaj(inputs, inputs);
    for (int i = 0; i < inputs; i++) {
      for (int j = i; j < inputs; j++) {
        xx.unsafe_set(i, j, sums[i][j]);
        xx.unsafe_set(j, i, sums[i][j]);
      }
    }
    return xx;
  }

  private DMatrixRMaj xy() {
    DMatrixRMaj xy = new DMatrixRMaj(inputs, outputs);
    for (int i = 0; i < inputs; i++) {
      for (int j = 0; j < outputs; j++) {
        xy.unsafe_set(i, j, sums[i][inputs + j]);
      }
    }
    return xy;
  }

  /**
   * E of {@code (XᵀX + λI)·E = XᵀY}.
   *
   * @param ridge λ as a share of the mean of XᵀX's diagonal, above 0
   */
  DMatrixRMaj solve(double ridge) {
    DMatrixRMaj left = xx();
    double lambda = ridge * CommonOps_DDRM.trace(left) / inputs;
    for (int i = 0; i < inputs; i++) {
      left.add(i, i, lambda);
    }
    LinearSolverDense<DMatrixRMaj> solver = LinearSolverFactory_DDRM.symmPosDef(inputs);
    if (!solver.setA(left)) {
      throw new IllegalArgumentException(
          "the calibration text gives states that are all the same: take another");
    }
    DMatrixRMaj result = new DMatrixRMaj(inputs, outputs);
    solver.solve(xy(), result);
    return result;
  }

  /** The squared error of E on these rows, less that of zero: {@code ‖Y − X·E‖² − ‖Y‖²}. */
  double error(DMatrixRMaj map) {
    DMatrixRMaj products = new DMatrixRMaj(inputs, outputs);
    CommonOps_DDRM.mult(xx(), map, products);
    DMatrixRMaj xy = xy();
    double error = 0;
    for (int i = 0; i < inputs * outputs; i++) {
      error += map.data[i] * (products.data[i] - 2 * xy.data[i]);
    }
    return error;
  }
}
