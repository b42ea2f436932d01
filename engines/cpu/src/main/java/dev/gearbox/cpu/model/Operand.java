package dev.gearbox.cpu.model;

import dev.gearbox.cpu.kernel.Kernels;
import dev.gearbox.cpu.kernel.PackedMatrix;
import dev.gearbox.cpu.kernel.QuantizedRows;
import java.util.List;

/**
 * The rows that one or several matrices multiply, in the forms that the kernels read. Few rows are
 * met by integer dot products, many by tiles of floats; those floats are the quantized values, so
 * that a row's result is the same in any company but for rounding.
 *
 * <pre>
 *   rounded, exact:   tile after tile, [column][width] each, the last filled up with zeros
 * </pre>
 */
final class Operand {
  // From here on turning a panel into floats once costs less than an integer product for each row.
  static final int MOST_DOTS = 5;

  final int columns;
  final QuantizedRows quantized;
  final float[] rounded;
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
    quantized = new QuantizedRows(MOST_DOTS, columns);
    rounded = new float[anyQuantized ? Math.multiplyExact(rows, columns) : 0];
    exact = new float[anyFloat ? Math.multiplyExact(rows, columns) : 0];
  }

  /** Whether a matrix meets {@code rows} rows by dot products. */
  static boolean byDots(PackedMatrix matrix, int rows) {
    return matrix.type().quantized() && rows <= MOST_DOTS;
  }

  /** Number of tiles that cover {@code rows} rows: the jobs that prepare them. */
  int tiles(int rows) {
    int tiles = 0;
    for (int row = 0; row < rows; row += kernels.tileWidth(rows - row)) {
      tiles++;
    }
    return tiles;
  }

  /** First row of a tile. */
  int tileStart(int tile, int rows) {
    int row = 0;
    for (int i = 0; i < tile; i++) {
      row += kernels.tileWidth(rows - row);
    }
    return row;
  }

  /** Prepares the rows of one tile, which lie one after another in {@code x} from {@code at}. */
  void prepare(float[] x, int at, int start, int rows, float[] scratch) {
    int width = kernels.tileWidth(rows - start);
    int here = Math.min(width, rows - start);
    if (anyQuantized && rows <= MOST_DOTS) {
      for (int i = 0; i < here; i++) {
        kernels.quantize(x, at + i * columns, quantized, start + i);
      }
    } else if (anyQuantized) {
      kernels.roundTrip(x, at, scratch, 0, here * columns);
      interleave(scratch, 0, here, width, rounded, start * columns);
    }
    if (anyFloat) {
      interleave(x, at, here, width, exact, start * columns);
    }
  }

  private void interleave(float[] x, int at, int rows, int width, float[] out, int to) {
    for (int i = 0; i < rows; i++) {
      int from = at + i * columns;
      for (int k = 0, o = to + i; k < columns; k++, o += width) {
        out[o] = x[from + k];
      }
    }
    for (int i = rows; i < width; i++) {
      for (int k = 0, o = to + i; k < columns; k++, o += width) {
        out[o] = 0;
      }
    }
  }
}
