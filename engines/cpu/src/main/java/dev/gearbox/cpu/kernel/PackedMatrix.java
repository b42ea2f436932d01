package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A weight matrix in the order in which the kernels read it: groups of {@code R} rows that stand in
 * the lanes of vectors, each group one stream of records, each record 32 columns of its rows.
 *
 * <pre>
 *   group 0: record 0 | record 1 | … | record blocks-1        group 1: …        (64-byte aligned)
 *
 *   record of a quantized type, with r = 0..R-1 and j = 0..1:
 *     quants  byte (k, r, j), k = 0..7     low nibble   weight 2k+j      of row r
 *                                          high nibble  weight 16+2k+j   of row r
 *             BYTE: k = 0..15, the byte is weight 2k+j
 *     plane   FIVE: byte (h, n, r', j)     bit k        fifth bit of weight 16n+2k+j
 *             SIX:  byte (h, n, f, r', j)  bits 2k,2k+1 upper bits of weight 16n+8f+2k+j, k = 0..3
 *             where h is the half of the group and r' the row within that half
 *     scales  half (s, r), times 2^shift   of weights 16s to 16s+15, or of all 32 (s = 0)
 *     mins    half (r), times 2^shift
 *   record of floats: element (k, r), k = 0..31
 * </pre>
 *
 * Scales lie beside their weights, so that one product reads one stream. They are shifted by a
 * power of two because a vector of tiny halves would be a vector of denormals on the way to floats.
 * Rows and columns that fill up a group or a record are zero.
 *
 * @param groupRows R, the rows of a group: that of the {@link Kernels} that will read it
 * @param shift binary logarithm of what scales and mins were multiplied by
 */
public record PackedMatrix(
    PackedType type, int rows, int columns, int groupRows, int shift, MemorySegment data) {
  /** Columns in one record. */
  public static final int BLOCK = 32;

  /** Number of groups of rows. */
  public int groups() {
    return (rows + groupRows - 1) / groupRows;
  }

  /** Number of records of one group. */
  public int blocks() {
    return (columns + BLOCK - 1) / BLOCK;
  }

  int recordBytes() {
    return type.recordBytes(groupRows);
  }

  long groupAt(int group) {
    return (long) group * blocks() * recordBytes();
  }

  /** Writes row {@code row} as floats to {@code out}, from {@code at}: an embedding. */
  public void row(int row, float[] out, int at) {
    int lane = row % groupRows;
    long record = groupAt(row / groupRows);
    for (int k = 0; k < columns; k++) {
      out[at + k] = weight(record + (long) (k / BLOCK) * recordBytes(), lane, k % BLOCK);
    }
  }

  /** Weight {@code k} of row {@code lane} in the record at {@code record}. */
  float weight(long record, int lane, int k) {
    return RecordReader.weight(this, record, lane, k);
  }
}
