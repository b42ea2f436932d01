package dev.gearbox.workshop.distil;

import dev.gearbox.format.gguf.GgufTensor;
import dev.gearbox.format.gguf.GgufValue;
import dev.gearbox.format.gguf.GgufWriter;
import dev.gearbox.workshop.quantize.Quantization;
import dev.gearbox.workshop.quantize.RowStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.jspecify.annotations.Nullable;

/**
 * What is added to the output W·a of a layer's feed-forward part: a linear map E of a, or, where a
 * is wide, of that output. It is the same as {@code W + Eᵀ}, or {@code W + Eᵀ·W}, in place of W.
 *
 * @param layer of the student
 * @param ofOutput whether E maps the output
 * @param map E, a column for each element of the output
 * @param gram XᵀX of the inputs that it was fitted to; null where no adapter is to be written
 */
record Correction(int layer, boolean ofOutput, DMatrixRMaj map, @Nullable DMatrixRMaj gram) {

  /** The tensor that it is merged into. */
  String tensor() {
    return "blk." + layer + ".ffn_down.weight";
  }

  /** The rows of W with the map merged; holds W as floats while they are read. */
  RowStream.Rows merged(GgufTensor down) {
    float[][] w = floats(down);
    return (row, out) -> {
      System.arraycopy(w[(int) row], 0, out, 0, out.length);
      addColumn(map, (int) row, w, out);
    };
  }

  /** Adds a column of a map to weights, which is that column, or a combination of rows of W. */
  private void addColumn(DMatrixRMaj from, int column, float[][] w, float[] out) {
    for (int k = 0; k < from.numRows; k++) {
      float factor = (float) from.get(k, column);
      if (!ofOutput) {
        out[k] += factor;
        continue;
      }
      float[] row = w[k];
      for (int c = 0; c < out.length; c++) {
        out[c] += factor * row[c];
      }
    }
  }

  /**
   * Writes the best map of a rank as an adapter: of all maps of that rank, the one whose outputs
   * are nearest to those of E, which is E followed by the projection on the directions in which its
   * outputs are largest.
   */
  void writeAdapter(GgufTensor down, int rank, GgufWriter writer) {
    DMatrixRMaj directions = directions(rank);
    DMatrixRMaj narrowed = new DMatrixRMaj(map.numRows, rank);
    CommonOps_DDRM.mult(map, directions, narrowed);
    float[][] w = floats(down);
    float[] a = new float[rank * down.columns()];
    float[] b = new float[rank * w.length];
    float[] row = new float[down.columns()];
    for (int k = 0; k < rank; k++) {
      Arrays.fill(row, 0);
      addColumn(narrowed, k, w, row);
      System.arraycopy(row, 0, a, k * row.length, row.length);
      for (int j = 0; j < w.length; j++) {
        b[j * rank + k] = (float) directions.get(j, k);
      }
    }
    writer
        .put("general.type", GgufValue.of("adapter"))
        .put("adapter.type", GgufValue.of("lora"))
        .put("adapter.lora.alpha", GgufValue.of((float) rank))
        .tensor(tensor() + ".lora_a", new long[] {down.columns(), rank}, a)
        .tensor(tensor() + ".lora_b", new long[] {rank, w.length}, b);
  }

  /** The directions, as columns, in which what E gives is largest. */
  private DMatrixRMaj directions(int rank) {
    int size = map.numCols;
    DMatrixRMaj half = new DMatrixRMaj(map.numRows, size);
    DMatrixRMaj outputs = new DMatrixRMaj(size, size);
    CommonOps_DDRM.mult(Objects.requireNonNull(gram), map, half);
    CommonOps_DDRM.multTransA(map, half, outputs);
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(size, true, true);
    if (!eigen.decompose(outputs)) {
      throw new IllegalStateException("no directions were found");
    }
    int[] largest =
        IntStream.range(0, size)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -eigen.getEigenvalue(i).getReal()))
            .limit(rank)
            .mapToInt(i -> i)
            .toArray();
    DMatrixRMaj directions = new DMatrixRMaj(size, rank);
    for (int k = 0; k < rank; k++) {
      CommonOps_DDRM.insert(eigen.getEigenVector(largest[k]), directions, 0, k);
    }
    return directions;
  }

  private static float[][] floats(GgufTensor matrix) {
    float[][] rows = new float[Math.toIntExact(matrix.rows())][matrix.columns()];
    RowStream.Rows source = Quantization.rows(matrix);
    for (int row = 0; row < rows.length; row++) {
      source.read(row, rows[row]);
    }
    return rows;
  }
}
