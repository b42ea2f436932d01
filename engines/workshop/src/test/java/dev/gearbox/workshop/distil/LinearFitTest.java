package dev.gearbox.workshop.distil;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.gearbox.cpu.parallel.CpuWorkers;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.NormOps_DDRM;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** A map is as large as what is held out says that it may be. */
final class LinearFitTest {
  private static final int INPUTS = 40;
  private static final int OUTPUTS = 7;

  private final CpuWorkers workers = new CpuWorkers(2);
  private final double[] map = new Random(11).doubles(INPUTS * OUTPUTS, -1, 1).toArray();

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void anExactMapIsFound() {
    DMatrixRMaj found = fit(rows(501, 0, 1), rows(30, 0, 2));
    for (int i = 0; i < map.length; i++) {
      assertThat(found.data[i]).isCloseTo(map[i], within(2e-3));
    }
  }

  @RepeatedTest(20)
  void noFitIsWorseThanNoneOnItsText(RepetitionInfo info) {
    int seed = info.getCurrentRepetition();
    float[][] fitted = rows(10 + 20 * seed, seed % 5, seed);
    float[][] heldOut = rows(10, seed % 5, 100 + seed);
    DMatrixRMaj found = fit(fitted, heldOut);
    double none =
        error(fitted, new DMatrixRMaj(INPUTS, OUTPUTS))
            + error(heldOut, new DMatrixRMaj(INPUTS, OUTPUTS));
    assertThat(error(fitted, found) + error(heldOut, found)).isLessThanOrEqualTo(none * 1.0001);
  }

  @RepeatedTest(20)
  void littleTextDoesLittleHarm(RepetitionInfo info) {
    // Fewer rows than inputs, and hardly anything but noise to learn: without a ridge, errors
    // double.
    int seed = info.getCurrentRepetition();
    DMatrixRMaj found = fit(rows(60, 30, seed), rows(10, 30, 100 + seed));
    float[][] unseen = rows(1000, 30, 200 + seed);
    assertThat(error(unseen, found))
        .isLessThan(1.15 * error(unseen, new DMatrixRMaj(INPUTS, OUTPUTS)));
  }

  @Test
  void whereNothingHelpsNothingChanges() {
    float[][] opposite = rows(500, 0, 2);
    for (float[] row : opposite) {
      for (int i = INPUTS; i < row.length; i++) {
        row[i] = -row[i];
      }
    }
    assertThat(NormOps_DDRM.normF(fit(rows(500, 0, 1), opposite))).isZero();
  }

  private DMatrixRMaj fit(float[][] fitted, float[][] heldOut) {
    LinearFit fit = new LinearFit(INPUTS, OUTPUTS, workers);
    fit.add(fitted, false);
    fit.add(heldOut, true);
    return fit.solve();
  }

  /** Inputs, some much larger than others, beside what the map makes of them and noise. */
  private float[][] rows(int count, double noise, long seed) {
    Random random = new Random(seed);
    float[][] rows = new float[count][INPUTS + OUTPUTS];
    for (float[] row : rows) {
      for (int i = 0; i < INPUTS; i++) {
        row[i] = (float) random.nextGaussian() * (1 + i % 3);
      }
      for (int j = 0; j < OUTPUTS; j++) {
        double sum = noise * random.nextGaussian();
        for (int i = 0; i < INPUTS; i++) {
          sum += row[i] * map[i * OUTPUTS + j];
        }
        row[INPUTS + j] = (float) sum;
      }
    }
    return rows;
  }

  private static double error(float[][] rows, DMatrixRMaj found) {
    double error = 0;
    for (float[] row : rows) {
      for (int j = 0; j < OUTPUTS; j++) {
        double left = row[INPUTS + j];
        for (int i = 0; i < INPUTS; i++) {
          left -= row[i] * found.get(i, j);
        }
        error += left * left;
      }
    }
    return error;
  }
}
