package dev.gearbox.cpu.kernel;

/**
 * Rows of activations as signed bytes in [−127, 127] with one scale for 32: what the integer dot
 * products read. Made once for all the matrices that share an input.
 *
 * <pre>
 *   pairs   int    values 2k (low 16 bits) and 2k+1 (high 16 bits), columns / 2 in a row
 *   scales  float  one for 32 values
 *   sums    float  scale · Σ values, one for 16 values: what offsets and mins are multiplied by
 * </pre>
 */
public final class QuantizedRows {
  final int[] pairs;
  final float[] scales;
  final float[] sums;
  private final int blocks;

  /** Room for {@code rows} rows of {@code columns} values, a multiple of 32. */
  public QuantizedRows(int rows, int columns) {
    if (columns % PackedMatrix.BLOCK != 0) {
      throw new IllegalArgumentException("columns must be a multiple of 32, was " + columns);
    }
    blocks = columns / PackedMatrix.BLOCK;
    pairs = new int[Math.multiplyExact(rows, blocks * 16)];
    scales = new float[rows * blocks];
    sums = new float[rows * blocks * 2];
  }

  /** Number of blocks of 32 values in a row. */
  int blocks() {
    return blocks;
  }

  /** Index of the first block of a row. */
  int block(int row) {
    return row * blocks;
  }

  /** Value {@code k} of a row as a float. */
  public float value(int row, int k) {
    int pair = pairs[block(row) * 16 + k / 2];
    int q = (k & 1) == 0 ? (short) pair : pair >> 16;
    return q * scales[block(row) + k / 32];
  }
}
