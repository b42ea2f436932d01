package dev.gearbox.format.gguf;

/**
 * A GGUF file that is not what it claims to be; the code is stable, the message says what is wrong
 * and where.
 */
public final class GgufException extends RuntimeException {
  /** What is wrong, for programs. */
  public enum Code {
    /** The file does not begin with {@code GGUF}. */
    BAD_MAGIC,
    /** A version other than 2 or 3, or a big-endian file. */
    UNSUPPORTED_VERSION,
    /** The file ends inside the header, a value or a tensor's description. */
    TRUNCATED,
    /** A count or a length that cannot be true of a file of this size. */
    BAD_COUNT,
    /**
     * An alignment that is not a power of two of at least 8, or an offset that does not keep it.
     */
    BAD_ALIGNMENT,
    /** A metadata key that comes twice. */
    DUPLICATE_KEY,
    /** A tensor name that comes twice. */
    DUPLICATE_TENSOR,
    /** A metadata or tensor type that is unknown, or known and not supported. */
    BAD_TYPE,
    /**
     * A shape with no or too many dimensions, an empty one, or a row that is no whole number of
     * blocks.
     */
    BAD_SHAPE,
    /** Tensor data that reaches beyond the end of the file. */
    OUT_OF_FILE,
    /** Two tensors that share bytes. */
    OVERLAPPING_TENSORS,
    /** A metadata value that is required and absent. */
    MISSING_KEY,
    /** A metadata value of another type than asked for. */
    WRONG_KEY_TYPE,
    /** A metadata value of the right type that makes no sense. */
    BAD_VALUE,
    /** A tensor that is required and absent. */
    MISSING_TENSOR
  }

  private static final long serialVersionUID = 1L;

  private final Code code;

  /** An error of a kind, with a message for people. */
  public GgufException(Code code, String message) {
    super(message);
    this.code = code;
  }

  /** What is wrong, for programs. */
  public Code code() {
    return code;
  }
}
