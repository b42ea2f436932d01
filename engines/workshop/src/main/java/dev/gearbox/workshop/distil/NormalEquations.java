package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.parallel.CpuWorkers;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;

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

  /** Forgets all rows. */
  void clear() {
    for (float[] sum : sums) {
      Arrays.fill(sum, 0);
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

  /** XᵀX with a number added to its diagonal, written over {@code out}. */
  void xx(double ridge, DMatrixRMaj out) {
    for (int i = 0; i < inputs; i++) {
      for (int j = i; j < inputs; j++) {
        out.unsafe_set(i, j, sums[i][j]);
        out.unsafe_set(j, i, sums[i][j]);
      }
      out.add(i, i, ridge);
    }
  }

  /** XᵀY, written over {@code out}. */
  void xy(DMatrixRMaj out) {
    for (int i = 0; i < inputs; i++) {
      for (int j = 0; j < outputs; j++) {
        out.unsafe_set(i, j, sums[i][inputs + j]);
      }
    }
  }

  /** Mean of XᵀX's diagonal. */
  double meanSquare() {
    double trace = 0;
    for (int i = 0; i < inputs; i++) {
      trace += sums[i][i];
    }
    return trace / inputs;
  }

  /**
   * The squared error of E on these rows, less that of zero: {@code ‖Y − X·E‖² − ‖Y‖²}, which is
   * the sum over rows e of E of {@code eᵢ·(xᵢᵢeᵢ + 2·Σ xᵢₖeₖ − 2yᵢ)}, k above i.
   */
  double error(DMatrixRMaj map) {
    double[] e = map.data;
    double[] sum = new double[outputs];
    double error = 0;
    for (int i = 0; i < inputs; i++) {
      float[] own = sums[i];
      for (int j = 0; j < outputs; j++) {
        sum[j] = own[i] * e[i * outputs + j] - 2 * own[inputs + j];
      }
      for (int k = i + 1; k < inputs; k++) {
        double factor = 2 * own[k];
        int at = k * outputs;
        for (int j = 0; j < outputs; j++) {
          sum[j] += factor * e[at + j];
        }
      }
      for (int j = 0; j < outputs; j++) {
        error += e[i * outputs + j] * sum[j];
      }
    }
    return error;
  }
}
