package dev.gearbox.cpu.kernel;

import dev.gearbox.format.gguf.GgmlType;
import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.format.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How large the scales of a tensor get, which says by how much a {@link PackedMatrix} shifts them;
 * rows may be looked at by different threads.
 */
public final class ScaleBound {
  private final GgufTensor tensor;
  private final int rowBytes;

  /** Bits of a float that is not negative, or not a number: these are in the order of ints. */
  private final AtomicInteger most = new AtomicInteger();

  public ScaleBound(GgufTensor tensor) {
    this.tensor = tensor;
    rowBytes = (int) tensor.type().bytes(tensor.columns());
  }

  /** The bound of all rows, looked at by the caller. */
  static ScaleBound of(GgufTensor tensor) {
    ScaleBound bound = new ScaleBound(tensor);
    bound.see(0, tensor.rows());
    return bound;
  }

  public GgufTensor tensor() {
    return tensor;
  }

  /** Looks at rows {@code first} up to {@code end}. */
  public void see(long first, long end) {
    GgmlType type = tensor.type();
    if (!RawBlocks.packedType(type).quantized()) {
      return;
    }
    RawBlocks blocks = new RawBlocks(type);
    byte[] row = new byte[rowBytes];
    float largest = 0;
    for (long r = first; r < end; r++) {
      MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, r * rowBytes, row, 0, rowBytes);
      for (int at = 0; at < rowBytes; at += type.bytesPerBlock()) {
        largest = Math.max(largest, blocks.bound(row, at));
      }
    }
    most.accumulateAndGet(Float.floatToIntBits(largest), Math::max);
  }

  /**
   * The shift that brings the largest scale just below the largest half; all rows were seen.
   *
   * @throws GgufException when a scale of the tensor is no finite number
   */
  int shift() {
    float largest = Float.intBitsToFloat(most.get());
    if (!Float.isFinite(largest)) {
      throw new GgufException(
          GgufException.Code.BAD_VALUE, tensor.name() + " has a scale that is no finite number");
    }
    return largest == 0 ? 0 : 14 - Math.getExponent(largest);
  }
}
