package dev.gearbox.cpu.kernel;

/**
 * How a {@link PackedMatrix} holds its weights. A quantized weight is {@code scale · (q + offset) +
 * min}, with {@code q} unsigned except for {@link #BYTE}, and the scale and the min those of the
 * weight's block.
 */
public enum PackedType {
  /** 4 bits, a scale and a min for 32 weights: Q4_1, Q4_K. */
  NIBBLE(16, 0, 1, true, 0),
  /** 4 bits, offset −8, a scale for 32 weights: Q4_0. */
  NIBBLE_OFFSET(16, 0, 1, false, -8),
  /** 5 bits, a scale and a min for 32 weights: Q5_1, Q5_K. */
  FIVE(16, 4, 1, true, 0),
  /** 5 bits, offset −16, a scale for 32 weights: Q5_0. */
  FIVE_OFFSET(16, 4, 1, false, -16),
  /** 6 bits, offset −32, a scale for 16 weights: Q6_K; Q3_K as 6 bits. */
  SIX(16, 8, 2, false, -32),
  /** Signed bytes, a scale for 32 weights: Q8_0. */
  BYTE(32, 0, 1, false, 0),
  /** IEEE half floats: F16; Q2_K, decoded. */
  HALF(64, 0, 0, false, 0),
  /** The upper halves of floats: BF16. */
  BRAIN(64, 0, 0, false, 0),
  /** Floats: F32. */
  FLOAT(128, 0, 0, false, 0);

  private final int quantBytes;
  private final int planeBytes;
  private final int scales;
  private final boolean mins;
  private final int offset;

  PackedType(int quantBytes, int planeBytes, int scales, boolean mins, int offset) {
    this.quantBytes = quantBytes;
    this.planeBytes = planeBytes;
    this.scales = scales;
    this.mins = mins;
    this.offset = offset;
  }

  /** Whether activations are quantized to meet these weights. */
  public boolean quantized() {
    return scales > 0;
  }

  /** Number of bits in one {@code q}; 32 or 16 for floats. */
  int bits() {
    return switch (this) {
      case NIBBLE, NIBBLE_OFFSET -> 4;
      case FIVE, FIVE_OFFSET -> 5;
      case SIX -> 6;
      case BYTE -> 8;
      case HALF, BRAIN -> 16;
      case FLOAT -> 32;
    };
  }

  /** What is added to {@code q} before the scale. */
  int offset() {
    return offset;
  }

  /**
   * What decoded weights have been lowered by, so that 16 products with a signed byte, 8 of {@link
   * #SIX}, fit a short.
   */
  int base() {
    return switch (this) {
      case NIBBLE_OFFSET -> 8;
      case FIVE, FIVE_OFFSET -> 16;
      case SIX -> 32;
      case NIBBLE, BYTE, HALF, BRAIN, FLOAT -> 0;
    };
  }

  /**
   * Rows of activations up to which a dot product for each costs less than decoding the weights
   * once for four; measured, see {@code bench-results}.
   */
  public int mostDots() {
    return switch (this) {
      case NIBBLE, NIBBLE_OFFSET -> 4;
      case FIVE, FIVE_OFFSET -> 2;
      case SIX -> 1;
      case BYTE -> 4;
      case HALF, BRAIN, FLOAT -> 0;
    };
  }

  boolean hasMins() {
    return mins;
  }

  /** Scales of one block of 32 weights. */
  int scales() {
    return scales;
  }

  /** Where the bits above the low four begin in a record of {@code rows} rows. */
  int planeAt(int rows) {
    return quantBytes * rows;
  }

  /** Where the scales begin in a record. */
  int scaleAt(int rows) {
    return (quantBytes + planeBytes) * rows;
  }

  /** Where the mins begin in a record, for a type that has them. */
  int minAt(int rows) {
    return scaleAt(rows) + 2 * rows * scales;
  }

  /** Bytes of the record that holds 32 weights of each of {@code rows} rows. */
  int recordBytes(int rows) {
    return minAt(rows) + (mins ? 2 * rows : 0);
  }
}
