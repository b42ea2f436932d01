package dev.gearbox.format.gguf;

/** The type of a metadata value, with the bytes one takes (0 where that varies). */
public enum GgufValueType {
  /** Unsigned 8 bits. */
  UINT8(0, 1),
  /** Signed 8 bits. */
  INT8(1, 1),
  /** Unsigned 16 bits. */
  UINT16(2, 2),
  /** Signed 16 bits. */
  INT16(3, 2),
  /** Unsigned 32 bits. */
  UINT32(4, 4),
  /** Signed 32 bits. */
  INT32(5, 4),
  /** IEEE single precision. */
  FLOAT32(6, 4),
  /** One byte, 0 or 1. */
  BOOL(7, 1),
  /** A length of 64 bits and that many bytes of UTF-8. */
  STRING(8, 0),
  /** An element type, a count of 64 bits, and the elements; never nested. */
  ARRAY(9, 0),
  /** Unsigned 64 bits. */
  UINT64(10, 8),
  /** Signed 64 bits. */
  INT64(11, 8),
  /** IEEE double precision. */
  FLOAT64(12, 8);

  private final int id;
  private final int bytes;

  GgufValueType(int id, int bytes) {
    this.id = id;
    this.bytes = bytes;
  }

  static GgufValueType of(int id, String where) {
    for (GgufValueType type : values()) {
      if (type.id == id) {
        return type;
      }
    }
    throw new GgufException(
        GgufException.Code.BAD_TYPE, "%s has unknown value type %d".formatted(where, id));
  }

  int bytes() {
    return bytes;
  }

  /** The id that files carry. */
  int id() {
    return id;
  }

  boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
    };
  }

  boolean isReal() {
    return this == FLOAT32 || this == FLOAT64;
  }
}
