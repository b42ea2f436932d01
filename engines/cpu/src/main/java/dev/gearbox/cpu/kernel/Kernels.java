package dev.gearbox.cpu.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The inner loops of the transformer on one core. Stateless; every method may be called by many
 * threads at once on memory of their own. Each has a scalar and a vector implementation, equal in
 * integers and within rounding in floats.
 */
public interface Kernels {
  /** Query rows that {@link #scores} and {@link #mix} take at a time. */
  int QUERY_ROWS = 4;

  /** Keys that {@link #scores} and {@link #mix} take at a time: one block of KV memory. */
  int KEYS = 16;

  /** Rows of activations that {@link #products} and {@link #tile} take at a time. */
  int ROWS = 4;

  /** Blocks that {@link #decode} and {@link #products} take at most. */
  int DECODED_BLOCKS = 8;

  /** Ints of scratch memory that {@link #dot} and {@link #products} write to. */
  int SUMS = 2048;

  /** The kernels for this CPU, chosen once; {@code -Dgearbox.simd.bits} overrides the width. */
  static Kernels best() {
    return KernelChoice.BEST;
  }

  /** Rows in a group of a {@link PackedMatrix}. */
  int groupRows();

  /**
   * Dot products of the rows of one group of a quantized matrix with one row of activations, into
   * {@link #groupRows} floats of {@code out}.
   *
   * @param sums scratch of {@link #SUMS} ints
   */
  void dot(
      PackedMatrix matrix, int group, QuantizedRows x, int row, int[] sums, float[] out, int at);

  /** Decodes records of one group of a quantized matrix. */
  void decode(PackedMatrix matrix, int group, int firstBlock, int blocks, DecodedBlocks out);

  /**
   * Adds what {@code blocks} decoded blocks contribute to the dot products with {@link #ROWS} rows
   * of activations to {@code out[row][groupRows]} from {@code at}. Block after block from zero this
   * comes to the bits of {@link #dot}.
   *
   * @param row a multiple of four; the rows are {@link QuantizedRows#interleave interleaved}
   * @param sums scratch of {@link #SUMS} ints
   */
  void products(
      PackedType type,
      DecodedBlocks weights,
      QuantizedRows x,
      int row,
      int firstBlock,
      int blocks,
      int[] sums,
      float[] out,
      int at);

  /** Turns records of one group of floats into a panel {@code [column][groupRows]}. */
  void panel(PackedMatrix matrix, int group, int firstBlock, int blocks, MemorySegment panel);

  /**
   * Adds the product of a panel of {@code columns} columns and {@link #ROWS} rows of activations,
   * {@code x[column][row]} from {@code xAt}, to {@code out[row][groupRows]} from {@code at}.
   */
  void tile(MemorySegment panel, int columns, float[] x, int xAt, float[] out, int at);

  /**
   * Scores of {@link #QUERY_ROWS} queries, {@code q[row][size]} from {@code qAt}, for the {@link
   * KvBlock block} of keys at {@code keysAt}, into rows of {@code stride} floats.
   *
   * @param size of a head; even
   */
  void scores(
      KvType type,
      float[] q,
      int qAt,
      int size,
      MemorySegment keys,
      long keysAt,
      float[] out,
      int at,
      int stride);

  /**
   * Adds the {@link KvBlock block} of values at {@code valuesAt}, weighted by rows of {@code
   * stride} floats of {@code p}, which are used up, to {@link #QUERY_ROWS} rows of {@code size}
   * floats.
   *
   * @param size of a head, a multiple of 32
   */
  void mix(
      KvType type,
      float[] p,
      int pAt,
      int stride,
      MemorySegment values,
      long valuesAt,
      float[] out,
      int at,
      int size);

  /** Sum of the products of {@code n} floats, a multiple of 32, of {@code x} and in memory. */
  float inner(float[] x, int at, MemorySegment y, long yAt, int n);

  /** Rows that {@link #addProduct} takes at a time: half a group. */
  default int lanes() {
    return groupRows() / 2;
  }

  /**
   * Adds the product of {@code n} columns of {@link #lanes} rows, {@code weights[column][lanes]}
   * from {@code weightsAt}, and one row of activations to {@link #lanes} floats of {@code out}.
   */
  void addProduct(float[] weights, int weightsAt, int n, float[] x, int xAt, float[] out, int at);

  /** The largest of {@code n} floats; negative infinity of none. */
  float max(float[] x, int at, int n);

  /** Replaces each {@code x} by {@code exp(x − max)} and returns their sum. */
  float expSum(float[] x, int at, int n, float max);

  /** Multiplies {@code n} floats by {@code factor}. */
  void scale(float[] x, int at, int n, float factor);

  /** Adds {@code n} floats of {@code y} to those of {@code x}. */
  void add(float[] x, int at, float[] y, int yAt, int n);

  /** {@code out = x / √(mean(x²) + epsilon) · weight}; in place where the two are one. */
  void rmsNorm(float[] x, int at, int n, float[] weight, float epsilon, float[] out, int outAt);

  /** {@code gate = gate · σ(gate) · up}. */
  void swiglu(float[] gate, float[] up, int at, int n);

  /** {@code gate = gelu(gate) · up} with the tanh form of gelu. */
  void geglu(float[] gate, float[] up, int at, int n);

  /** Quantizes the {@code 32 · blocks} values of one row. */
  void quantize(float[] x, int at, QuantizedRows out, int row);
}
