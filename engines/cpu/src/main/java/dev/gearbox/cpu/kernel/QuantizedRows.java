package dev.gearbox.cpu.kernel;

/**
 * Rows of activations as signed bytes in [−127, 127] with one scale for 32: what the integer dot
 * products read. Made once for all the matrices that share an input.
 *
 * <pre>
 *   pairs   int    values 2k (low 16 bits) and 2k+1 (high 16 bits), columns / 2 in a row
 *   quads   int    the same of rows 4t to 4t+3 side by side: [t][columns / 2][4]
 *   floatQuads     single values likewise: [t][columns][4]
 *   scales  float  one for 32 values
 *   totals  int    Σ values, one for 16 values: what offsets and mins are multiplied by
 * </pre>
 */
public final class QuantizedRows {
  final int[] pairs;
  final int[] quads;
  final float[] floatQuads;
  final float[] scales;
  final int[] totals;
  private final int blocks;

  /**
   * Room for {@code rows} rows of {@code columns} values, a multiple of 32.
   *
   * @param meetBytes whether {@link PackedType#BYTE} weights read them
   */
  public QuantizedRows(int rows, int columns, boolean meetBytes) {
    if (columns % PackedMatrix.BLOCK != 0) {
      throw new IllegalArgumentException("columns must be a multiple of 32, was " + columns);
    }
    blocks = columns / PackedMatrix.BLOCK;
    pairs = new int[Math.multiplyExact(rows, blocks * 16)];
    quads = new int[Math.multiplyExact(Math.ceilDiv(rows, Kernels.ROWS), blocks * 64)];
    floatQuads = new float[meetBytes ? 2 * quads.length : 0];
    scales = new float[rows * blocks];
    totals = new int[rows * blocks * 2];
  }

  /** Number of blocks of 32 values in a row. */
  int blocks() {
    return blocks;
  }

  /** Index of the first block of a row. */
  int block(int row) {
    return row * blocks;
  }

  /** Where the quads of four rows from {@code row} on, a multiple of four, begin at a block. */
  int quadAt(int row, int block) {
    return block(row) * 16 + block * 64;
  }

  /** Makes quads of {@link Kernels#ROWS} rows from {@code row} on, a multiple of four. */
  public void interleave(int row) {
    int columns = blocks * 16;
    int floatColumns = floatQuads.length == 0 ? 0 : columns;
    for (int r = row; r < row + Kernels.ROWS; r++) {
      int from = r * columns;
      for (int k = 0, to = row * columns + r - row; k < columns; k++, to += Kernels.ROWS) {
        quads[to] = pairs[from + k];
      }
      for (int k = 0, to = 2 * row * columns + r - row; k < floatColumns; k++, to += 8) {
        int pair = pairs[from + k];
        floatQuads[to] = (short) pair;
        floatQuads[to + Kernels.ROWS] = pair >> 16;
      }
    }
  }

  /** Value {@code k} of a block before its scale. */
  int quant(int block, int k) {
    int pair = pairs[block * 16 + k / 2];
    return (k & 1) == 0 ? (short) pair : pair >> 16;
  }

  /** Value {@code k} of a row as a float. */
  public float value(int row, int k) {
    return quant(block(row) + k / 32, k % 32) * scales[block(row) + k / 32];
  }
}
