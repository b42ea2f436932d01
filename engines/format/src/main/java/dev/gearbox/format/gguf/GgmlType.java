package dev.gearbox.format.gguf;

import java.util.Map;

/** How the elements of a tensor are stored: elements per block and bytes per block. */
public enum GgmlType {
  /** IEEE single precision. */
  F32(0, 1, 4),
  /** IEEE half precision. */
  F16(1, 1, 2),
  /** 4 bits, one scale per 32. */
  Q4_0(2, 32, 18),
  /** 4 bits, one scale and minimum per 32. */
  Q4_1(3, 32, 20),
  /** 5 bits, one scale per 32. */
  Q5_0(6, 32, 22),
  /** 5 bits, one scale and minimum per 32. */
  Q5_1(7, 32, 24),
  /** 8 bits, one scale per 32. */
  Q8_0(8, 32, 34),
  /** 2 bits, 4-bit scales and minima per 16 in blocks of 256. */
  Q2_K(10, 256, 84),
  /** 3 bits, 6-bit scales per 16 in blocks of 256. */
  Q3_K(11, 256, 110),
  /** 4 bits, 6-bit scales and minima per 32 in blocks of 256. */
  Q4_K(12, 256, 144),
  /** 5 bits, 6-bit scales and minima per 32 in blocks of 256. */
  Q5_K(13, 256, 176),
  /** 6 bits, 8-bit scales per 16 in blocks of 256. */
  Q6_K(14, 256, 210),
  /** The upper half of a single. */
  BF16(30, 1, 2);

  private static final Map<Integer, String> UNSUPPORTED =
      Map.ofEntries(
          Map.entry(9, "Q8_1"),
          Map.entry(15, "Q8_K"),
          Map.entry(16, "IQ2_XXS"),
          Map.entry(17, "IQ2_XS"),
          Map.entry(18, "IQ3_XXS"),
          Map.entry(19, "IQ1_S"),
          Map.entry(20, "IQ4_NL"),
          Map.entry(21, "IQ3_S"),
          Map.entry(22, "IQ2_S"),
          Map.entry(23, "IQ4_XS"),
          Map.entry(24, "I8"),
          Map.entry(25, "I16"),
          Map.entry(26, "I32"),
          Map.entry(27, "I64"),
          Map.entry(28, "F64"),
          Map.entry(29, "IQ1_M"),
          Map.entry(34, "TQ1_0"),
          Map.entry(35, "TQ2_0"),
          Map.entry(39, "MXFP4"),
          Map.entry(40, "NVFP4"));

  private final int id;
  private final int blockSize;
  private final int bytesPerBlock;

  GgmlType(int id, int blockSize, int bytesPerBlock) {
    this.id = id;
    this.blockSize = blockSize;
    this.bytesPerBlock = bytesPerBlock;
  }

  /** The type of an id as files carry it; {@code where} names its place in the error. */
  public static GgmlType of(int id, String where) {
    for (GgmlType type : values()) {
      if (type.id == id) {
        return type;
      }
    }
    String name = UNSUPPORTED.get(id);
    throw new GgufException(
        GgufException.Code.BAD_TYPE,
        name == null
            ? "%s has unknown tensor type %d".formatted(where, id)
            : "%s has unsupported tensor type %s (%d)".formatted(where, name, id));
  }

  /** The id that files carry. */
  public int id() {
    return id;
  }

  /** Elements per block. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes per block. */
  public int bytesPerBlock() {
    return bytesPerBlock;
  }

  /**
   * Bytes that so many elements take, a whole number of blocks; throws ArithmeticException beyond a
   * long.
   */
  public long bytes(long elements) {
    if (elements % blockSize != 0) {
      throw new IllegalArgumentException(
          "%d elements are not a whole number of %s blocks of %d"
              .formatted(elements, this, blockSize));
    }
    return Math.multiplyExact(elements / blockSize, bytesPerBlock);
  }
}
