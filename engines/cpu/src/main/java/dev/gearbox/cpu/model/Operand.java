package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.PackedType;
import dev.gearbox.cpu.kernel.QuantizedRows;
import java.util.List;

/**
 * The rows that one or several matrices multiply, in the forms that the kernels read: quantized for
 * quantized weights, tiles of floats for weights that are floats.
 *
 * <pre>
 *   exact:   tile after tile, [column][width] each, the last filled up with zeros
 * </pre>
 */
final class Operand {
  final int columns;
  final QuantizedRows quantized;
  final float[] exact;
  private final Kernels kernels;
  private final boolean anyQuantized;
  private final boolean anyFloat;

  Operand(Kernels kernels, int columns, int maxRows, List<PackedMatrix> readers) {
    this.kernels = kernels;
    this.columns = columns;
    anyQuantized = readers.stream().anyMatch(matrix -> matrix.type().quantized());
    anyFloat = readers.stream().anyMatch(matrix -> !matrix.type().quantized());
    int rows = maxRows + 8;
    boolean anyBytes = readers.stream().anyMatch(matrix -> matrix.type() == PackedType.BYTE);
    quantized = new QuantizedRows(anyQuantized ? rows : 0, columns, anyBytes);
    exact = new float[anyFloat ? Math.multiplyExact(rows, columns) : 0];
  }

  /** Number of tiles of {@link Kernels#ROWS} that cover {@code rows} rows. */
  int tiles(int rows) {
    return Math.ceilDiv(rows, Kernels.ROWS);
  }

  /** Prepares the rows of one tile, which lie one after another in {@code x} from {@code at}. */
  void prepare(float[] x, int at, int start, int rows) {
    int here = Math.min(Kernels.ROWS, rows - start);
    if (anyQuantized) {
      for (int i = 0; i < here; i++) {
        kernels.quantize(x, at + i * columns, quantized, start + i);
      }
      if (rows > 1) {
        // What stands in rows that are left over is multiplied too and never read.
        quantized.interleave(start);
      }
    }
    if (anyFloat) {
      interleave(x, at, here, exact, start * columns);
    }
  }

  private void interleave(float[] x, int at, int rows, float[] out, int to) {
    for (int i = 0; i < rows; i++) {
      int from = at + i * columns;
      for (int k = 0, o = to + i; k < columns; k++, o += Kernels.ROWS) {
        out[o] = x[from + k];
      }
    }
    for (int i = rows; i < Kernels.ROWS; i++) {
      for (int k = 0, o = to + i; k < columns; k++, o += Kernels.ROWS) {
        out[o] = 0;
      }
    }
  }
}
